with

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

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

        -- place and preference
        customers.country,
        customers.region,
        customers.timezone,
        customers.preferred_channel

    from known
    left join customers
        on known.customer_id = customers.customer_id

)

select * from final
