with

enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

variant_hours as (

    select * from {{ ref('dec_steps__variant_hours') }}

),

-- A step that could not go out keeps its row until a later step's message passes it,
-- or its range is long over.
due as (

    select * from {{ ref('dec_steps__states') }}
    where
        is_due
        and not has_message
        and not is_passed
        and expires_at > {{ days_after(
            '-' ~ var('decision_memory_days'), as_of()
        ) }}

),

-- An hour that is only better waits while another day remains: who sends by hand at 15:30
-- would put off what is usual at 17 until the step's range is over.
timed as (

    select
        due.*,
        enrollments.segment,
        enrollments.arm,
        enrollments.exit_reason,
        customer_windows.window_opens_at,
        customer_windows.window_closes_at,
        case
            when variant_hours.enrollment_id is not null
                then variant_hours.variant_at
            when
                {{ var('use_usual_hour') | string | lower }}
                and due.expires_at > {{ days_after(1, 'customer_windows.preferred_at') }}
                then customer_windows.preferred_at
        end as hour_at

    from due
    inner join enrollments
        on due.enrollment_id = enrollments.enrollment_id
    left join customer_windows
        on
            due.customer_id = customer_windows.customer_id
            and due.channel_group = customer_windows.channel_group
    left join variant_hours
        on
            due.enrollment_id = variant_hours.enrollment_id
            and due.step = variant_hours.step

),

situated as (

    select
        timed.*,
        contact_points.address,
        -- The variant's hour, the customer's own or the shop's, if it is to come in time.
        case
            when
                timed.hour_at > {{ as_of() }}
                and timed.hour_at < timed.expires_at
                then timed.hour_at
        end as preferred_at,
        timed.expires_at <= {{ as_of() }} as is_over,
        coalesce(timed.window_opens_at <= {{ as_of() }}, false) as ok_window,
        -- The next window opens too late for the step.
        coalesce(
            timed.window_opens_at >= timed.expires_at, false
        ) as is_out_of_windows

    from timed
    left join contact_points
        on
            timed.customer_id = contact_points.customer_id
            and timed.channel = contact_points.channel

),

judged as (

    select
        *,
        case
            when exit_reason is not null then 'exited'
            when arm = 'holdout' then 'holdout'
            when is_over then 'expired'
            when
                not (
                    barred_by = ''
                    and has_window
                    and ok_shared_address
                )
                then 'suppressed'
            when is_out_of_windows then 'expired'
            when paused_by != '' then 'deferred'
            when capped_by != '' then 'capped'
            when not ok_window then 'deferred'
            when preferred_at is not null then 'deferred'
            else 'send'
        end as own_decision

    from situated

),

-- A pause ends nobody knows when: what it defers is not planned ahead.
final as (

    select
        *,
        own_decision in ('send', 'deferred') and paused_by = '' as is_ready

    from judged

)

-- The columns of dec_steps__states and those that are added here.
select * from final -- noqa: AM04
