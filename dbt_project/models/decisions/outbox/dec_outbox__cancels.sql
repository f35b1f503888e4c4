{{ config(materialized='view') }}

with

messages as (

    select * from {{ ref('int_messages__all') }}
    where
        origin = 'ledger'
        and not is_settled

),

enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

step_states as (

    select * from {{ ref('dec_steps__states') }}

),

-- Planned and not to be sent any more: the customer has left the playbook, as by buying, or
-- a later step's message has passed it.
final as (

    select
        -- ids
        messages.message_id,
        messages.enrollment_id,
        messages.playbook_id,
        messages.step,
        messages.customer_id,
        messages.channel,
        messages.variant,

        -- facts
        case
            when enrollments.exit_reason is not null then 'exited'
            else 'expired'
        end as decision

    from messages
    inner join enrollments
        on messages.enrollment_id = enrollments.enrollment_id
    left join step_states
        on
            messages.enrollment_id = step_states.enrollment_id
            and messages.step = step_states.step
    where
        enrollments.exit_reason is not null
        or coalesce(step_states.is_passed, false)

)

select * from final
