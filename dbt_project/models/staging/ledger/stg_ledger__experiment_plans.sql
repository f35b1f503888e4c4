with

latest as (

    {{ latest_version(source('ledger', 'experiment_plans'), 'plan_id') }}

),

final as (

    select
        -- ids
        cast(plan_id as varchar) as plan_id,
        cast(playbook_id as varchar) as playbook_id,

        -- facts
        cast(planned_shares as varchar) as planned_shares,

        -- numerics
        cast(window_days as bigint) as window_days,
        cast(base_rate as double) as base_rate,
        cast(holdout_share as double) as holdout_share,
        cast(smallest_effect as double) as smallest_effect,
        cast(planned_effect as double) as planned_effect,
        cast(customers as bigint) as customers,
        cast(looks as bigint) as looks,
        cast(alpha as double) as alpha,
        cast(min_customers_per_arm as double) as min_customers_per_arm,
        cast(min_expected_reactivations as double)
            as min_expected_reactivations,

        -- timestamps
        cast(started_at as {{ timestamptz_type() }}) as started_at

    from latest

)

select * from final
