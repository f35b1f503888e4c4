with

enrollments as (

    select * from {{ ref('dec_entry__started') }}
    where
        arm = 'treatment'
        and exit_reason is null

),

learning_steps as (

    select distinct
        playbook_id,
        step

    from {{ ref('int_bandit__arms') }}
    where is_on

),

moves as (

    select distinct
        move_id,
        playbook_id,
        step,
        seed,
        random_control_share

    from {{ ref('int_bandit__chances') }}

),

step_days as (

    select * from {{ ref('int_playbooks__step_days') }}

),

chosen as (

    select * from {{ ref('int_bandit__dealt') }}

),

messages as (

    select distinct
        enrollment_id,
        step

    from {{ ref('int_messages__all') }}
    where origin = 'ledger'

),

-- Whoever may be due now and was dealt nothing yet. A message that was planned before the step
-- learned keeps its variant, and a range that is over has nothing left to choose.
final as (

    select
        -- ids
        enrollments.enrollment_id,
        enrollments.playbook_id,
        learning_steps.step,
        moves.move_id,
        enrollments.customer_id,

        -- dealt at entry
        enrollments.offer_id,
        enrollments.offer_expires_at,
        enrollments.entered_at,

        -- the draw: two hashes apart from each other and from that of the holdout
        {{ hash_unit(
            "concat(enrollments.enrollment_id, '|', moves.seed, '|dealer')"
        ) }} < moves.random_control_share as is_random,
        {{ hash_unit(
            "concat(enrollments.enrollment_id, '|', moves.seed, '|arm')"
        ) }} as place

    from enrollments
    inner join learning_steps
        on enrollments.playbook_id = learning_steps.playbook_id
    inner join moves
        on
            learning_steps.playbook_id = moves.playbook_id
            and learning_steps.step = moves.step
    inner join step_days
        on
            learning_steps.playbook_id = step_days.playbook_id
            and learning_steps.step = step_days.step
    left join chosen
        on
            enrollments.enrollment_id = chosen.enrollment_id
            and learning_steps.step = chosen.step
    left join messages
        on
            enrollments.enrollment_id = messages.enrollment_id
            and learning_steps.step = messages.step
    where
        chosen.enrollment_id is null
        and messages.enrollment_id is null
        and {{ days_after('step_days.earliest_day', 'enrollments.entered_at') }}
        <= {{ as_of() }}
        and {{ days_after(
            'step_days.latest_day + 2', 'enrollments.entered_at'
        ) }} > {{ as_of() }}

)

select * from final
