with

customer_orders as (

    select * from {{ ref('int_customers__orders') }}

),

thresholds as (

    select
        customer_id,
        days_inactive,
        {{ lapse_preset() }} as lapse_preset,
        {{ var('lapse_fixed_from_days') }} as lapsed_from_days,
        {{ var('lapse_fixed_dormant_from_days') }} as dormant_from_days,
        {{ var('lapse_fixed_lost_from_days') }} as lost_from_days

    from customer_orders

),

final as (

    select
        -- ids
        customer_id,

        -- numerics
        days_inactive,
        cast(null as bigint) as expected_gap_days,
        cast(lapsed_from_days as bigint) as lapse_threshold_days,

        -- facts
        case
            when days_inactive >= lost_from_days then 'lost'
            when days_inactive >= dormant_from_days then 'dormant'
            when days_inactive >= lapsed_from_days then 'lapsed'
            else 'active'
        end as lapse_stage,
        days_inactive >= lapsed_from_days as is_lapsed,
        lapse_preset

    from thresholds

)

select * from final
