/*
    Rule:     never bought, and yet comes by: an engagement level of `medium` or
              `high`, so on several days of the engagement window. Who bought and
              got every cent back never bought.
    Grain:    one row per customer.
    Priority: none; no shipped playbook takes it
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

engagement as (

    select * from {{ ref('int_customers__engagement') }}

),

final as (

    select customers.customer_id
    from customers
    inner join engagement
        on customers.customer_id = engagement.customer_id
    where
        customers.order_count = 0
        and engagement.engagement_level in (
            '{{ var("engaged_levels") | join("', '") }}'  -- noqa: LT05
        )

)

select * from final
