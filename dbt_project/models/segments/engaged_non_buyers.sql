/*
    Rule:     never bought, and yet comes by: an engagement level of `medium` or
              `high`, so on several days of the engagement window. Who bought and
              got every cent back never bought.
    Grain:    one row per customer.
    Priority: none; no shipped playbook takes it
*/
with

customers as (

    select * from {{ ref('int_customers__traits') }}

),

final as (

    select customer_id from customers
    where
        order_count = 0
        and engagement_level in (
            '{{ var("engaged_levels") | join("', '") }}'  -- noqa: LT05
        )

)

select * from final
