with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

gaps as (

    select * from {{ ref('int_customers__purchase_gaps') }}

),

curves as (

    select * from {{ ref('int_customers__lapse_curves') }}
    where is_usable

),

open_gaps as (

    select * from gaps
    where not is_completed

),

own_gaps as (

    select
        customer_id,
        count(*) as gap_count,
        {{ median('gap_days') }} as median_gap_days

    from gaps
    where is_completed
    group by customer_id

),

histories as (

    select
        customer_orders.customer_id,
        open_gaps.first_category,
        open_gaps.gap_from_date as last_purchase_date,
        own_gaps.median_gap_days,
        coalesce(own_gaps.gap_count, 0) as gap_count,
        case
            when own_gaps.gap_count > 0 then 'next_order'
            else 'second_order'
        end as curve

    from customer_orders
    left join open_gaps
        on customer_orders.customer_id = open_gaps.customer_id
    left join own_gaps
        on customer_orders.customer_id = own_gaps.customer_id

),

-- The nearest curve that rests on enough gaps: the category's, the shop's, at
-- last that of any order.
chosen as (

    select
        histories.*,
        coalesce(
            category_curves.curve_id, shop_curves.curve_id, 'next_order'
        ) as curve_id

    from histories
    left join curves as category_curves
        on
            histories.curve = category_curves.curve
            and histories.first_category = category_curves.category
    left join curves as shop_curves
        on
            histories.curve = shop_curves.curve
            and shop_curves.category is null

),

-- The more gaps of their own, the less the others count.
weighted as (

    select
        chosen.customer_id,
        chosen.last_purchase_date,
        chosen.gap_count,
        chosen.median_gap_days,
        curves.curve,
        curves.category,
        curves.p50_days,
        curves.p80_days,
        curves.p90_days,
        case
            when chosen.gap_count = 0 then 0
            else
                cast(chosen.gap_count as double)
                / (chosen.gap_count + {{ var('lapse_shrinkage_gaps') }})
        end as own_weight

    from chosen
    inner join curves
        on chosen.curve_id = curves.curve_id

),

expectations as (

    select
        *,
        own_weight * coalesce(median_gap_days, 0)
        + (1 - own_weight) * p50_days as expected_gap_days

    from weighted

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
