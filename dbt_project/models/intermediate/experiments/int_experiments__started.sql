with

plans as (

    select * from {{ ref('stg_ledger__experiment_plans') }}
    where started_at <= {{ as_of() }}

),

final as (

    select
        -- ids
        plan_id,
        playbook_id,

        -- facts
        planned_shares,
        row_number() over (
            partition by playbook_id
            order by started_at desc, plan_id asc
        ) = 1 as is_newest,

        -- numerics
        window_days,
        base_rate,
        holdout_share,
        smallest_effect,
        planned_effect,
        customers,
        looks,
        alpha,
        min_customers_per_arm,
        min_expected_reactivations,

        -- timestamps
        started_at

    from plans

)

select * from final
