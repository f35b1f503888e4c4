with

customers as (

    select * from {{ ref('int_customers__known') }}

),

phones as (

    select * from {{ ref('int_customers__dialing') }}

),

timezones as (

    select * from {{ ref('timezones') }}

),

place_zones as (

    select * from {{ ref('place_zones') }}

),

stated as (

    select
        customers.customer_id,
        timezones.zone,
        'timezone' as source

    from customers
    inner join timezones
        on customers.timezone = timezones.zone

),

-- A region goes by its code, with or without the country's, or by its name. `*`
-- is the whole of a country that keeps (nearly) one time.
customer_places as (

    select
        customer_id,
        country,
        {{ remove_matches('region', '^[A-Z][A-Z]-') }} as place

    from customers

    union all

    select
        customer_id,
        country,
        '*' as place

    from customers

),

place_names as (

    select
        country,
        region as place,
        zone

    from place_zones

    union distinct

    select
        country,
        region_name as place,
        zone

    from place_zones

),

placed as (

    select
        customer_places.customer_id,
        place_names.zone,
        'place' as source

    from customer_places
    inner join place_names
        on
            customer_places.country = place_names.country
            and customer_places.place = place_names.place

),

dialed as (

    select
        customer_id,
        zone,
        'phone' as source

    from phones

),

candidates as (

    select * from stated
    union all
    select * from placed
    union all
    select * from dialed

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
            max(case when source = 'phone' then source end)
        ) as source

    from candidates
    group by customer_id, zone

)

select * from final
