/*
    Rule:     came back from a win-back playbook within the last 30 days: the
              first valid order after entry, within the longest window of
              `reactivation_windows`, lies 0 to 30 days back.
    Grain:    one row per customer.
    Priority: after_return 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

reactivations as (

    select * from {{ ref('int_customers__reactivations') }}

),

final as (

    select customers.customer_id
    from customers
    inner join reactivations
        on customers.customer_id = reactivations.customer_id
    where
        reactivations.days_since
        between 0 and {{ var('reactivated_to_days') }}

)

select * from final
