with

states as (

    select * from {{ ref('dec_steps__states') }}

),

enrollments as (

    select * from {{ ref('dec_steps__enrollments') }}

),

-- Its day is to come, and nothing bars it today.
final as (

    select
        -- ids
        states.enrollment_id,
        states.playbook_id,
        states.step,
        states.customer_id,

        -- facts
        states.channel,

        -- timestamps
        states.due_at

    from states
    inner join enrollments
        on states.enrollment_id = enrollments.enrollment_id
    where
        enrollments.exit_reason is null
        and enrollments.arm = 'treatment'
        and states.is_reached
        and not states.is_settled
        and not states.is_due
        and states.barred_by = ''
        and states.has_window
        and states.ok_shared_address

)

select * from final
