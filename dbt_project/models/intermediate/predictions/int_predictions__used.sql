with

scores as (

    select * from {{ ref('int_predictions__scores') }}
    where role = 'current'

),

quality as (

    select * from {{ ref('int_predictions__quality') }}

),

verdict as (

    select
        count(*) = 3 and min(case when is_better then 1 else 0 end) = 1
            as is_used

    from quality

),

final as (

    select
        -- ids
        scores.customer_id,
        scores.fit_id,

        -- facts
        verdict.is_used,

        -- numerics
        scores.horizon_days,
        scores.p_alive,
        scores.expected_orders,
        scores.lost_orders,

        -- money
        cast(round(scores.expected_value_cents, 0) as bigint)
            as expected_value_cents,
        cast(round(scores.lost_orders * scores.expected_value_cents, 0) as bigint)
            as value_at_risk_cents

    from scores
    cross join verdict

)

select * from final
