with

signs as (

    select * from {{ ref('int_places__zone_signs') }}

),

zone_countries as (

    select * from {{ ref('zone_countries') }}

),

located as (

    select
        signs.*,
        coalesce(zone_countries.country, '') as country

    from signs
    left join zone_countries
        on signs.zone = zone_countries.zone

),

homes as (

    select distinct
        customer_id,
        country

    from located
    where not is_wide_country

),

-- A number of a country of many zones: a home in that country tells which.
told_by_home as (

    select distinct located.customer_id
    from located
    inner join homes
        on
            located.customer_id = homes.customer_id
            and located.country = homes.country
    where located.is_wide_country

),

final as (

    select
        -- ids
        located.customer_id,
        located.zone,

        -- facts
        concat_ws(
            ',',
            max(case when located.source = 'timezone' then located.source end),
            max(case when located.source = 'place' then located.source end),
            max(case when located.source = 'postal_code' then located.source end),
            max(case when located.source = 'phone' then located.source end)
        ) as source

    from located
    left join told_by_home
        on located.customer_id = told_by_home.customer_id
    where
        not located.is_wide_country
        or told_by_home.customer_id is null
    group by located.customer_id, located.zone

)

select * from final
