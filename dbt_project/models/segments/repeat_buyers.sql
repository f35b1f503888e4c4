/*
    Rule:     bought twice or more: valid orders only.
    Grain:    one row per customer.
    Priority: none; no shipped playbook takes it
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

final as (

    select customer_id from customers
    where order_count >= {{ var('repeat_buyer_from_orders') }}

)

select * from final
