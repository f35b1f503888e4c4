with

started as (

    select * from {{ ref('dec_entry__started') }}

),

known as (

    select * from {{ ref('int_enrollments__known') }}

),

exits as (

    select * from {{ ref('int_enrollments__exits') }}

),

step_states as (

    select * from {{ ref('dec_steps__states') }}

),

joins as (

    select * from {{ ref('int_series__joins') }}
    where ended_at <= {{ as_of() }}

),

-- Over when no step is left: with the last message, or the last chance for one.
completions as (

    select
        enrollment_id,
        max(
            case
                when has_message then coalesce(left_at, due_at)
                when expires_at <= {{ as_of() }} then expires_at
                else due_at
            end
        ) as completed_at

    from step_states
    group by enrollment_id
    having min(case when is_settled then 1 else 0 end) = 1

),

ours as (

    select
        started.enrollment_id,
        started.playbook_id,
        started.customer_id,
        started.episode_order_id,
        started.offer_id,
        started.segment,
        started.arm,
        started.variant,
        'ledger' as origin,
        started.entered_at,
        started.offer_expires_at,
        started.exit_reason as ended_by,
        started.exited_at as ended_at,
        completions.completed_at,
        joins.ended_at as left_at

    from started
    left join joins
        on started.episode_order_id = joins.join_id
    left join completions
        on started.enrollment_id = completions.enrollment_id

),

past as (

    select
        known.enrollment_id,
        known.playbook_id,
        known.customer_id,
        known.episode_order_id,
        known.offer_id,
        known.segment,
        known.arm,
        known.variant,
        known.origin,
        known.entered_at,
        known.offer_expires_at,
        exits.exit_reason as ended_by,
        exits.exited_at as ended_at,
        cast(null as {{ timestamptz_type() }}) as completed_at,
        cast(null as {{ timestamptz_type() }}) as left_at

    from known
    left join exits
        on known.enrollment_id = exits.enrollment_id
    where known.origin = 'past'

),

both_origins as (

    select * from ours
    union all
    select * from past

),

-- A purchase is told also where it came after the last step.
judged as (

    select
        *,
        coalesce(
            ended_by = 'purchase'
            or ended_at <= coalesce(completed_at, ended_at),
            false
        ) as has_ended,
        coalesce(
            left_at <= coalesce(completed_at, {{ as_of() }}), false
        ) as has_left

    from both_origins

),

final as (

    select
        -- ids
        cast(enrollment_id as varchar) as enrollment_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,
        cast(episode_order_id as varchar) as episode_order_id,
        cast(offer_id as varchar) as offer_id,

        -- facts
        cast(segment as varchar) as segment,
        cast(arm as varchar) as arm,
        cast(variant as varchar) as variant,
        cast(origin as varchar) as origin,
        cast(
            case
                when has_ended then ended_by
                when has_left then 'left'
                when completed_at is not null then 'completed'
            end as varchar
        ) as exit_reason,

        -- timestamps
        entered_at,
        case
            when has_ended then ended_at
            when has_left then left_at
            else completed_at
        end as exited_at,
        offer_expires_at

    from judged

)

select * from final
