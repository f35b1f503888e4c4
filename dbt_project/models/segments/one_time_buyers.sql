/*
    Rule:     bought exactly once: one valid order.
    Grain:    one row per customer.
    Priority: none; no shipped playbook takes it
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

final as (

    select customer_id from customers
    where order_count = 1

)

select * from final
