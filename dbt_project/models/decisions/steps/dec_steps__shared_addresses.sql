{{ config(materialized='view') }}

with

plan as (

    select * from {{ ref('dec_steps__plan') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}
    where address is not null

),

messages as (

    select * from {{ ref('int_messages__all') }}
    where
        has_left
        and left_at > {{ days_after(
            '-' ~ var('shared_address_days'), as_of()
        ) }}

),

-- The owners of an address that got a step lately.
address_messages as (

    select
        contact_points.channel,
        contact_points.address,
        messages.playbook_id,
        messages.step,
        min(messages.customer_id) as first_customer_id,
        max(messages.customer_id) as last_customer_id

    from messages
    inner join contact_points
        on
            messages.customer_id = contact_points.customer_id
            and messages.channel = contact_points.channel
    group by
        contact_points.channel,
        contact_points.address,
        messages.playbook_id,
        messages.step

),

final as (

    select
        plan.enrollment_id,
        plan.step

    from plan
    inner join contact_points
        on
            plan.customer_id = contact_points.customer_id
            and plan.channel = contact_points.channel
    inner join address_messages
        on
            contact_points.address = address_messages.address
            and plan.channel = address_messages.channel
            and plan.playbook_id = address_messages.playbook_id
            and plan.step = address_messages.step
    where
        address_messages.first_customer_id != plan.customer_id
        or address_messages.last_customer_id != plan.customer_id

)

select * from final
