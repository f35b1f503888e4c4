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
        expected_gap_days,
        lapse_threshold_days,

        -- facts
        lapse_stage,
        is_lapsed,
        lapse_preset

    from lapse

)

select * from final
