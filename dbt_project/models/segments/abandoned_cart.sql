/*
    Rule:     left something in a cart at least 4 hours and less than 7 days ago
              and has not bought since. Any valid order after the cart was last
              touched takes the person out; so does touching it again, for the
              next 4 hours.
    Grain:    one row per customer.
    Priority: cart_reminder 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

carts as (

    select * from {{ ref('int_customers__carts') }}

),

final as (

    select customers.customer_id
    from customers
    inner join carts
        on customers.customer_id = carts.customer_id
    where
        carts.touched_at <= {{ dbt.dateadd(
            'hour', -1 * var('abandoned_cart_from_hours'), as_of()
        ) }}
        and carts.touched_at
        > {{ days_after('-' ~ var('abandoned_cart_to_days'), as_of()) }}

)

select * from final
