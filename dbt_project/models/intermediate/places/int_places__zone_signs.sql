{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

places as (

    select * from {{ ref('int_customers__places') }}

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

postal_zones as (

    select * from {{ ref('postal_zones') }}

),

stated as (

    select
        customers.customer_id,
        timezones.zone,
        'timezone' as source,
        false as is_wide_country

    from customers
    inner join timezones
        on customers.timezone = timezones.zone

),

-- A postal code in the region of the same address tells its zone more exactly.
placed as (

    select
        places.customer_id,
        place_zones.zone,
        'place' as source,
        false as is_wide_country

    from places
    inner join place_zones
        on
            places.country = place_zones.country
            and places.region = place_zones.region
    where places.is_from_address and not places.is_from_postal_code

),

posted as (

    select
        places.customer_id,
        postal_zones.zone,
        'postal_code' as source,
        false as is_wide_country

    from places
    inner join postal_zones
        on
            places.country = postal_zones.country
            and places.region = postal_zones.region
            and places.postal_prefix = postal_zones.prefix

),

dialed as (

    select
        customer_id,
        zone,
        'phone' as source,
        coalesce(is_wide_country, false) as is_wide_country

    from phones

),

final as (

    select * from stated
    union all
    select * from placed
    union all
    select * from posted
    union all
    select * from dialed

)

select * from final
