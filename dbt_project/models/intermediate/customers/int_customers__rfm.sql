with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

rfm_map as (

    select * from {{ ref('rfm_map') }}

),

raw_values as (

    select
        customer_id,
        days_inactive as recency_days,
        order_count as frequency,
        net_revenue_cents as monetary_cents

    from customer_orders

),

scored as (

    select
        *,
        {{ fifth_by_rank('recency_days desc') }} as r_score,
        cast(
            {{ band('frequency', var('rfm_frequency_bands')) }} as bigint
        ) as f_score,
        {{ fifth_by_rank('monetary_cents') }} as m_score,
        percent_rank() over (order by monetary_cents) as monetary_rank

    from raw_values

),

final as (

    select
        -- ids
        scored.customer_id,

        -- numerics
        scored.recency_days,
        scored.frequency,
        scored.monetary_cents,
        scored.r_score,
        scored.f_score,
        scored.m_score,

        -- facts
        rfm_map.rfm_segment,
        case
            when scored.monetary_rank >= {{ var('value_tier_vip_rank') }}
                then 'vip'
            when scored.monetary_rank >= {{ var('value_tier_core_rank') }}
                then 'core'
            else 'low'
        end as value_tier

    from scored
    left join rfm_map
        on
            scored.r_score = rfm_map.r_score
            and scored.f_score = rfm_map.f_score

)

select * from final
