{#- Who is left after each stage, and why the others are not. -#}
{%- set stages = [
    'lapsed', 'reachable', 'consented', 'entered', 'treated', 'due',
    'not_capped', 'in_window', 'chosen',
] -%}

with

candidates as (

    select * from {{ ref('dec_entry__candidates') }}

),

started as (

    select * from {{ ref('dec_entry__started') }}

),

enrollments as (

    select * from {{ ref('dec_steps__enrollments') }}

),

decisions as (

    select * from {{ ref('dec_steps__decisions') }}

),

playbooks as (

    select * from {{ ref('playbooks') }}
    where is_enabled

),

-- In the playbook now; whoever enters in this run among them.
in_play as (

    select
        started.playbook_id,
        started.customer_id,
        started.enrollment_id,
        started.arm

    from started
    inner join enrollments
        on started.enrollment_id = enrollments.enrollment_id
    where enrollments.exit_reason is null

),

-- The step that the enrollment has come to.
last_decisions as (

    select
        *,
        row_number() over (
            partition by enrollment_id
            order by step desc
        ) as decision_rank

    from decisions

),

population as (

    select
        playbook_id,
        customer_id

    from candidates

    union distinct

    select
        playbook_id,
        customer_id

    from in_play

),

situated as (

    select
        population.playbook_id,
        population.customer_id,
        in_play.enrollment_id,
        in_play.arm,
        candidates.ok_episode,
        candidates.ok_enrolled,
        candidates.ok_running,
        candidates.ok_cool_down,
        candidates.ok_address,
        candidates.ok_consent,
        candidates.ok_reachable,
        candidates.ok_paused,
        candidates.ok_in_transit,
        candidates.ok_unread_rows,
        candidates.ok_returned,
        candidates.ok_other_id,
        candidates.ok_household,
        candidates.ok_other_playbook,
        candidates.ok_daily_limit,
        last_decisions.decision,
        last_decisions.send_after_at

    from population
    left join candidates
        on
            population.playbook_id = candidates.playbook_id
            and population.customer_id = candidates.customer_id
    left join in_play
        on
            population.playbook_id = in_play.playbook_id
            and population.customer_id = in_play.customer_id
    left join last_decisions
        on
            in_play.enrollment_id = last_decisions.enrollment_id
            and last_decisions.decision_rank = 1

),

-- The stage that each customer falls at, 0 for nobody's.
dropped as (

    select
        playbook_id,
        customer_id,
        case
            when
                enrollment_id is null
                and not (
                    ok_episode and ok_enrolled and ok_running and ok_cool_down
                )
                then 4
            when enrollment_id is null and not ok_address then 2
            when enrollment_id is null and not ok_reachable then 3
            when enrollment_id is null then 4
            when arm = 'holdout' then 5
            when decision is null then 6
            when decision in ('suppressed', 'expired', 'exited') then 6
            when decision = 'capped' then 7
            when decision = 'deferred' then 8
            else 0
        end as drop_order,
        case
            when enrollment_id is null and not ok_episode then 'never_ordered'
            when enrollment_id is null and not ok_enrolled
                then 'enrolled_before'
            when enrollment_id is null and not ok_running
                then 'in_other_playbook'
            when enrollment_id is null and not ok_cool_down then 'cool_down'
            when enrollment_id is null and not ok_address then 'address'
            when enrollment_id is null and not ok_consent then 'consent'
            when enrollment_id is null and not ok_reachable
                then 'suppression_or_zone'
            when enrollment_id is null and not ok_paused then 'paused'
            when enrollment_id is null and not ok_in_transit then 'in_transit'
            when enrollment_id is null and not ok_unread_rows then 'unread_rows'
            when enrollment_id is null and not ok_returned then 'returned'
            when enrollment_id is null and not ok_other_id then 'other_id'
            when enrollment_id is null and not ok_household then 'household'
            when enrollment_id is null and not ok_other_playbook
                then 'other_playbook'
            when enrollment_id is null and not ok_daily_limit
                then 'daily_limit'
            when enrollment_id is null then 'not_entered'
            when arm = 'holdout' then 'holdout'
            when decision is null then 'not_due'
            when decision in ('suppressed', 'expired', 'exited') then decision
            when decision = 'capped' then 'cap'
            when decision = 'deferred' and send_after_at is null then 'pause'
            when decision = 'deferred' then 'window'
        end as reason

    from situated

),

playbook_stages as (

    {% for stage in stages %}
    select
        playbook_id,
        {{ loop.index }} as stage_order,
        '{{ stage }}' as stage

    from playbooks
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

reason_counts as (

    select
        playbook_id,
        drop_order,
        reason,
        count(*) as customers

    from dropped
    group by playbook_id, drop_order, reason

),

stage_counts as (

    select
        playbook_stages.playbook_id,
        playbook_stages.stage_order,
        playbook_stages.stage,
        sum(
            case
                when
                    reason_counts.drop_order = 0
                    or reason_counts.drop_order > playbook_stages.stage_order
                    then reason_counts.customers
                else 0
            end
        ) as customers,
        sum(
            case
                when reason_counts.drop_order = playbook_stages.stage_order
                    then reason_counts.customers
                else 0
            end
        ) as dropped,
        {{ sorted_list(
            "case when reason_counts.drop_order = playbook_stages.stage_order"
            ~ " then reason_counts.reason || ' '"
            ~ " || cast(reason_counts.customers as varchar) end"
        ) }} as reason

    from playbook_stages
    left join reason_counts
        on playbook_stages.playbook_id = reason_counts.playbook_id
    group by
        playbook_stages.playbook_id,
        playbook_stages.stage_order,
        playbook_stages.stage

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(stage_order as bigint) as stage_order,
        cast(stage as varchar) as stage,

        -- numerics
        cast(coalesce(customers, 0) as bigint) as customers,
        cast(coalesce(dropped, 0) as bigint) as dropped,

        -- facts
        coalesce(reason, '') as reason

    from stage_counts

)

select * from final
