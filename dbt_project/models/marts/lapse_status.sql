with

lapse as (

    select * from {{ ref('int_customers__lapse') }}

),

final as (

    select
        -- ids
        customer_id,

        -- numerics
        days_inactive,
        days_since_activity,
        expected_gap_days,
        lapse_threshold_days,

        -- facts
        lapse_stage,
        is_lapsed,
        lapse_preset,
        lapse_basis,

        -- what a personal threshold rests on
        lapse_curve,
        lapse_category,
        gap_count,
        median_gap_days,

        -- where the other stages begin
        cooling_from_days,
        lapsing_from_days,
        dormant_from_days,
        lost_from_days

    from lapse

)

select * from final
