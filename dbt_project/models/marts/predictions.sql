with

used as (

    select * from {{ ref('int_predictions__used') }}

),

models as (

    select * from {{ ref('int_predictions__models') }}

),

rfm as (

    select * from {{ ref('int_customers__rfm') }}

),

best_offers as (

    select * from {{ ref('int_predictions__best_offers') }}

),

final as (

    select
        -- ids
        cast(used.customer_id as varchar) as customer_id,
        cast(used.fit_id as varchar) as fit_id,

        -- facts
        cast(used.is_used as boolean) as is_used,
        cast(best_offers.offer_id as varchar) as best_offer,

        -- numerics
        cast(used.horizon_days as bigint) as horizon_days,
        cast(used.p_alive as double) as p_alive,
        cast(used.expected_orders as double) as expected_orders,
        cast(best_offers.effect as double) as best_offer_effect,

        -- money
        cast(used.expected_value_cents as bigint) as expected_value_cents,
        cast(used.value_at_risk_cents as bigint) as value_at_risk_cents,

        -- dates
        cast(models.trained_from as date) as trained_from,
        cast(models.trained_until as date) as trained_until

    from used
    inner join models
        on used.fit_id = models.fit_id
    left join rfm
        on used.customer_id = rfm.customer_id
    left join best_offers
        on rfm.f_score = best_offers.f_score

)

select * from final
