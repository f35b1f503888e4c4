with

signs as (

    select * from {{ ref('int_places__zone_signs') }}

),

zone_countries as (

    select * from {{ ref('zone_countries') }}

),

-- A number of a country of many zones: a home in that country tells which.
located as (

    select
        signs.*,
        min(signs.is_wide_country) over (
            partition by signs.customer_id, zone_countries.country
        ) as has_no_home_there

    from signs
    left join zone_countries
        on signs.zone = zone_countries.zone

),

kept as (

    select
        *,
        min(not is_wide_country or has_no_home_there) over (
            partition by customer_id
        ) as counts_wide_country

    from located

),

final as (

    select
        -- ids
        customer_id,
        zone,

        -- facts
        concat_ws(
            ',',
            max(case when source = 'timezone' then source end),
            max(case when source = 'place' then source end),
            max(case when source = 'postal_code' then source end),
            max(case when source = 'phone' then source end)
        ) as source

    from kept
    where not is_wide_country or counts_wide_country
    group by customer_id, zone

)

select * from final
