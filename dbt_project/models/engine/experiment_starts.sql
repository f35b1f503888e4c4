with

entrants as (

    select * from {{ ref('dec_entry__entrants') }}

),

starting_points as (

    select * from {{ ref('int_experiments__starting_points') }}

),

sizes as (

    select * from {{ ref('int_experiments__sizes') }}
    where planned_customers is not null

),

plans as (

    select * from {{ ref('int_experiments__started') }}

),

dealt as (

    select
        playbook_id,
        planned_shares,
        min(entered_at) as started_at

    from entrants
    group by playbook_id, planned_shares

),

final as (

    select
        -- ids
        cast(
            md5(concat_ws('|', dealt.playbook_id, dealt.planned_shares))
            as varchar
        ) as plan_id,
        cast(dealt.playbook_id as varchar) as playbook_id,

        -- facts
        cast(dealt.planned_shares as varchar) as planned_shares,

        -- numerics
        cast(starting_points.window_days as bigint) as window_days,
        cast(starting_points.base_rate as double) as base_rate,
        cast(starting_points.holdout_share as double) as holdout_share,
        cast(starting_points.smallest_effect as double) as smallest_effect,
        cast(sizes.planned_effect as double) as planned_effect,
        cast(sizes.planned_customers as bigint) as customers,
        cast(starting_points.looks as bigint) as looks,
        cast(starting_points.alpha as double) as alpha,
        cast(starting_points.min_customers_per_arm as double)
            as min_customers_per_arm,
        cast(starting_points.min_expected_reactivations as double)
            as min_expected_reactivations,

        -- timestamps
        cast(dealt.started_at as {{ timestamptz_type() }}) as started_at

    from dealt
    inner join starting_points
        on dealt.playbook_id = starting_points.playbook_id
    inner join sizes
        on dealt.playbook_id = sizes.playbook_id
    left join plans
        on
            dealt.playbook_id = plans.playbook_id
            and dealt.planned_shares = plans.planned_shares
    where plans.plan_id is null

)

select * from final
