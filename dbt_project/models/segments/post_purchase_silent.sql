/*
    Rule:     bought within the last 30 days and has not been seen since: no visit
              or view, no click, no reply (`interaction_kinds`) after the last
              valid order. Most have not lapsed: no win-back playbook takes it.
    Grain:    one row per customer.
    Priority: after_purchase 1, care_video 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

interactions as (

    select * from {{ ref('int_customers__engagement_events') }}

),

last_seen as (

    select
        customer_id,
        max(occurred_at) as last_seen_at

    from interactions
    group by customer_id

),

final as (

    select customers.customer_id
    from customers
    left join last_seen
        on customers.customer_id = last_seen.customer_id
    where
        customers.days_inactive
        between 0 and {{ var('post_purchase_to_days') }}
        and (
            last_seen.last_seen_at is null
            or last_seen.last_seen_at <= customers.last_order_at
        )

)

select * from final
