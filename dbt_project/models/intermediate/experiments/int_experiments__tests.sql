with

starting_points as (

    select * from {{ ref('int_experiments__starting_points') }}

),

sizes as (

    select * from {{ ref('int_experiments__sizes') }}

),

plans as (

    select * from {{ ref('int_experiments__started') }}
    where is_newest

),

progress as (

    select * from {{ ref('int_experiments__progress') }}

),

judged_looks as (

    select * from {{ ref('int_experiments__judged_looks') }}

),

looks as (

    select
        plan_id,
        max(look) as looks_made,
        max(decided_at) as decided_at

    from judged_looks
    group by plan_id

),

first_verdicts as (

    select
        playbook_id,
        min(decided_at) as first_verdict_at

    from judged_looks
    group by playbook_id

),

rules as (

    select * from {{ ref('int_experiments__plan') }}

),

-- What was written when the test started, or would be if it started now.
final as (

    select
        starting_points.playbook_id,
        starting_points.base_rate_source,
        starting_points.holdout_share,
        starting_points.window_days,
        starting_points.base_rate_customers,
        starting_points.base_rate,
        starting_points.entered,
        starting_points.entries_a_day,
        starting_points.smallest_effect,
        starting_points.alpha,
        starting_points.min_customers_per_arm,
        starting_points.min_expected_reactivations,
        starting_points.longest_days,
        sizes.customers_needed,
        plans.plan_id,
        plans.started_at,
        coalesce(plans.planned_effect, sizes.planned_effect) as effect,
        coalesce(plans.customers, sizes.planned_customers) as customers,
        coalesce(plans.looks, starting_points.looks) as planned_looks,
        coalesce(progress.entered, 0) as entered_by_plan,
        coalesce(progress.matured, 0) as matured,
        progress.last_look_at,
        coalesce(looks.looks_made, 0) as looks_made,
        looks.decided_at,
        first_verdicts.first_verdict_at,
        rules.sequential_tuning_customers

    from starting_points
    cross join rules
    inner join sizes
        on starting_points.playbook_id = sizes.playbook_id
    left join plans
        on starting_points.playbook_id = plans.playbook_id
    left join progress
        on plans.plan_id = progress.plan_id
    left join looks
        on plans.plan_id = looks.plan_id
    left join first_verdicts
        on starting_points.playbook_id = first_verdicts.playbook_id

)

select * from final
