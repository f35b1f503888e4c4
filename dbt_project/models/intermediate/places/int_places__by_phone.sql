{{ config(materialized='view') }}

with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

dialing as (

    select * from {{ ref('int_customers__dialing') }}

),

-- Toll-free and the like: a number of North America that tells no place is held to the
-- law of the US, the stricter of its two large countries.
placeless_numbers as (

    select distinct
        contact_points.customer_id,
        'US' as country,
        '*' as region

    from contact_points
    left join dialing
        on contact_points.customer_id = dialing.customer_id
    where
        contact_points.channel_group = 'phone'
        and contact_points.address like '+1%'
        and dialing.customer_id is null

),

final as (

    select distinct
        customer_id,
        country,
        region

    from dialing

    union all

    select
        customer_id,
        country,
        region

    from placeless_numbers

)

select * from final
