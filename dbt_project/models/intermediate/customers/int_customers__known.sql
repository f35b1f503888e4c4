with

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

country_names as (

    select * from {{ ref('country_names') }}

),

-- Whoever ordered is a customer, in the customers file or not. An order after
-- as-of does not exist, so it makes nobody a customer either.
known as (

    select customer_id from customers
    union distinct
    select customer_id from orders
    where ordered_at <= {{ as_of() }}

),

final as (

    select
        -- ids
        known.customer_id,

        -- contact data
        customers.email,
        customers.phone,
        customers.first_name,
        customers.last_name,
        customers.address_name,
        customers.address_line1,
        customers.address_line2,
        customers.city,

        -- place and preference
        country_names.country,
        customers.region,
        customers.postal_code,
        customers.timezone,
        customers.preferred_channel

    from known
    left join customers
        on known.customer_id = customers.customer_id
    left join country_names
        on customers.country = country_names.country_name

)

select * from final
