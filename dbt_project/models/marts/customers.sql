with

traits as (

    select * from {{ ref('int_customers__traits') }}

),

final as (

    select
        -- ids
        customer_id,
        last_order_id,

        -- place
        country,
        region,

        -- timestamps
        first_order_at,
        last_order_at,
        expected_next_order_date,

        -- numerics
        order_count,
        net_revenue_cents,
        average_order_value_cents,
        days_inactive,

        -- facts
        lapse_stage,
        is_lapsed,
        rfm_segment,
        value_tier

    from traits

)

select * from final
