{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

place_zones as (

    select * from {{ ref('place_zones') }}

),

-- A region goes by its code, with or without the country's, or by its name.
region_names as (

    select
        country,
        region,
        region as region_text

    from place_zones
    where region != '*'

    union distinct

    select
        country,
        region,
        region_name as region_text

    from place_zones
    where region != '*'

),

final as (

    select
        -- ids
        customers.customer_id,
        customers.country,
        coalesce(region_names.region, '*') as region

    from customers
    left join region_names
        on
            customers.country = region_names.country
            and {{ remove_matches('customers.region', '^[A-Z][A-Z]-') }}
            = region_names.region_text
    where customers.country is not null

)

select * from final
