{%- set rules = decision_rule_ids() + contact_rule_ids() -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

steps as (

    select * from {{ ref('dec_steps__states') }}

),

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

-- A step that could not go out keeps its row until a later step's message passes it,
-- or its range is long over.
due as (

    select * from steps
    where
        is_due
        and not has_message
        and not is_passed
        and expires_at > {{ days_after(
            '-' ~ var('decision_memory_days'), as_of()
        ) }}

),

situated as (

    select
        due.*,
        enrollments.segment,
        enrollments.arm,
        enrollments.variant,
        contact_points.address,
        customer_windows.window_opens_at,
        customer_windows.window_closes_at,
        -- The customer's usual hour, if it is to come in time.
        case
            when
                {{ var('use_usual_hour') | string | lower }}
                and customer_windows.preferred_at > {{ as_of() }}
                and customer_windows.preferred_at < due.expires_at
                then customer_windows.preferred_at
        end as preferred_at,
        enrollments.exit_reason,
        due.expires_at <= {{ as_of() }} as is_over,
        coalesce(
            customer_windows.window_opens_at <= {{ as_of() }}, false
        ) as ok_window,
        -- The next window opens too late for the step.
        coalesce(
            customer_windows.window_opens_at >= due.expires_at, false
        ) as is_out_of_windows

    from due
    inner join enrollments
        on due.enrollment_id = enrollments.enrollment_id
    left join customer_windows
        on
            due.customer_id = customer_windows.customer_id
            and due.channel_group = customer_windows.channel_group
    left join contact_points
        on
            due.customer_id = contact_points.customer_id
            and due.channel = contact_points.channel

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
ready as (

    select
        *,
        own_decision in ('send', 'deferred') and paused_by = '' as is_ready

    from judged

),

-- Of the owners of one address, the first gets the run's message; who is in two
-- playbooks side by side gets as many as the cap of a day allows, what ends first. A
-- series, which has a cap of its own, neither takes a place from the others nor gives one.
contested as (

    select
        *,
        row_number() over (
            partition by channel_group, address, series_id, is_ready
            order by customer_id, expires_at, enrollment_id
        ) as address_rank,
        row_number() over (
            partition by customer_id, series_id, is_ready
            order by expires_at, enrollment_id
        ) as person_rank,
        min(case when is_ready then customer_id end)
            over (partition by channel_group, address, series_id) as winner_id,
        min(case when is_ready then customer_id end)
            over (partition by channel_group, address, playbook_id, step)
            as step_winner_id

    from ready

),

-- A loser at the winner's own step will not get it; one at another step waits.
settled as (

    select
        *,
        is_ready
        and address_rank > 1
        and customer_id != winner_id
        and step_winner_id = winner_id as is_served_by_other,
        is_ready
        and (
            person_rank > case
                when series_id is null then {{ var('cap_per_24h') }}
                else coalesce(series_cap_per_24h, 0)
            end
            or (
                address_rank > 1
                and customer_id != winner_id
                and step_winner_id != winner_id
            )
        ) as is_behind_other

    from contested

),

decided as (

    select
        *,
        is_ready
        and not is_served_by_other
        and not is_behind_other as is_going_out,
        cast(
            case
                when is_served_by_other then 'suppressed'
                when is_behind_other then 'capped'
                else own_decision
            end as varchar
        ) as decision,
        cast(
            concat_ws(
                ',',
                -- Named once, where it bars the step as well.
                case
                    when
                        {{ dbt.position(
                            "concat(',', exit_reason, ',')",
                            "concat(',', barred_by, ',')"
                        ) }} = 0
                        then exit_reason
                end,
                case when arm = 'holdout' then 'holdout' end,
                case when is_over or is_out_of_windows then 'range' end,
                nullif(barred_by, ''),
                case
                    when not ok_shared_address or is_served_by_other
                        then 'shared_address'
                end,
                nullif(paused_by, ''),
                nullif(capped_by, ''),
                case when is_behind_other then 'cap_24h' end,
                case when not ok_window then 'window' end,
                case
                    when ok_window and preferred_at is not null
                        then 'usual_hour'
                end
            ) as varchar
        ) as blocked_by

    from settled

),

final as (

    select
        -- ids
        cast(enrollment_id as varchar) as enrollment_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(step as bigint) as step,
        cast(customer_id as varchar) as customer_id,

        -- facts
        cast(segment as varchar) as segment,
        cast(channel as varchar) as channel,
        cast(variant as varchar) as variant,
        cast(arm as varchar) as arm,
        decision,
        blocked_by,

        -- timestamps
        {{ as_of() }} as decided_at,
        due_at,
        case
            when is_going_out
                then greatest(
                    window_opens_at,
                    due_at,
                    coalesce(preferred_at, due_at)
                )
        end as send_after_at,
        case when is_going_out then least(window_closes_at, expires_at) end
            as expires_at,
        expires_at as step_expires_at,

        -- rules
        {% for rule in rules -%}
        {{ rule_holds(rule, 'blocked_by') }} as ok_{{ rule }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from decided

)

select * from final
