with

expectations as (

    select * from {{ ref('int_lapse__expected_gaps') }}

),

-- A curve as many times as slow as the customer is, within the bounds.
scaled as (

    select
        *,
        least(
            {{ var('lapse_max_days') }} - 1,
            greatest(
                {{ var('lapse_min_days') }},
                expected_gap_days * p80_days / p50_days
            )
        ) / p80_days as slowness

    from expectations

),

-- Whole days, each later than the one before whatever the curve: percentiles
-- of a steep curve fall on one day, and bounds cut off long ones.
lapsing as (

    select
        *,
        ceil(round(slowness * p80_days, 6)) as lapsing_from_days

    from scaled

),

lapsed as (

    select
        *,
        least(
            ceil(round(slowness * p50_days, 6)), lapsing_from_days - 1
        ) as cooling_from_days,
        least(
            {{ var('lapse_max_days') }},
            greatest(
                ceil(round(slowness * p90_days, 6)), lapsing_from_days + 1
            )
        ) as lapsed_from_days

    from lapsing

),

dormant as (

    select
        *,
        least(
            2 * lapsed_from_days, {{ var('lapse_lost_at_latest_days') }} - 1
        ) as dormant_from_days,
        least(
            {{ var('lapse_lost_at_latest_days') }},
            greatest(
                4 * lapsed_from_days, {{ var('lapse_lost_at_earliest_days') }}
            )
        ) as lost_from_days

    from lapsed

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        curve as lapse_curve,
        category as lapse_category,

        -- numerics
        cast(gap_count as bigint) as gap_count,
        cast(median_gap_days as double) as median_gap_days,
        cast(round(expected_gap_days, 0) as bigint) as expected_gap_days,
        cast(cooling_from_days as bigint) as cooling_from_days,
        cast(lapsing_from_days as bigint) as lapsing_from_days,
        cast(lapsed_from_days as bigint) as lapsed_from_days,
        cast(dormant_from_days as bigint) as dormant_from_days,
        cast(lost_from_days as bigint) as lost_from_days,

        -- timestamps
        cast(
            {{ dbt.dateadd(
                'day',
                'cast(round(expected_gap_days, 0) as int)',
                'last_purchase_date'
            ) }} as date
        ) as expected_next_order_date

    from dormant

)

select * from final
