with

playbooks as (

    select * from {{ ref('playbooks') }}

),

entries as (

    select * from {{ ref('int_experiments__entries') }}

),

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}
    where
        arm = 'holdout'
        and is_mature
        and window_days = {{ var('plan_window_days') }}

),

natural_return as (

    select * from {{ ref('int_experiments__natural_return') }}

),

rules as (

    select * from {{ ref('int_experiments__plan') }}

),

left_alone as (

    select
        playbook_id,
        count(*) as watched,
        sum(case when is_reactivated then 1 else 0 end) as came_back

    from enrollment_windows
    group by playbook_id

),

-- Those left alone tell most about this playbook's customers, once they are enough.
counted as (

    select
        playbooks.playbook_id,
        playbooks.holdout_share,
        coalesce(entries.entered, 0) as entered,
        entries.entries_a_day,
        coalesce(left_alone.watched, 0) >= {{ var('min_customers_per_arm') }}
            as knows_own,
        left_alone.watched as own_watched,
        left_alone.came_back as own_came_back,
        natural_return.watched,
        natural_return.came_back,
        natural_return.silent_a_day,
        rules.smallest_effect_reactivation,
        rules.experiment_alpha,
        rules.experiment_looks,
        rules.plan_longest_days,
        rules.min_customers_per_arm,
        rules.min_expected_reactivations

    from playbooks
    cross join natural_return
    cross join rules
    left join entries
        on playbooks.playbook_id = entries.playbook_id
    left join left_alone
        on playbooks.playbook_id = left_alone.playbook_id
    where playbooks.is_enabled

),

final as (

    select
        -- ids
        playbook_id,

        -- facts
        case when knows_own then 'holdout' else 'history' end
            as base_rate_source,

        -- numerics
        cast(holdout_share as double) as holdout_share,
        cast({{ var('plan_window_days') }} as bigint) as window_days,
        cast(
            case when knows_own then own_watched else coalesce(watched, 0) end
            as bigint
        ) as base_rate_customers,
        case
            when knows_own then cast(own_came_back as double) / own_watched
            else cast(came_back as double) / nullif(watched, 0)
        end as base_rate,
        cast(entered as bigint) as entered,
        cast(
            coalesce(entries_a_day, silent_a_day, 0) as double
        ) as entries_a_day,

        -- what a verdict asks for
        smallest_effect_reactivation as smallest_effect,
        experiment_alpha as alpha,
        cast(experiment_looks as bigint) as looks,
        cast(plan_longest_days as bigint) as longest_days,
        cast(min_customers_per_arm as double) as min_customers_per_arm,
        cast(min_expected_reactivations as double)
            as min_expected_reactivations

    from counted

)

select * from final
