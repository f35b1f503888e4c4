{{ config(materialized='view') }}

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

final as (

    select
        -- ids
        customer_id,

        -- facts
        curve,
        category,

        -- numerics
        gap_count,
        median_gap_days,
        own_weight * coalesce(median_gap_days, 0)
        + (1 - own_weight) * p50_days as expected_gap_days,
        p50_days,
        p80_days,
        p90_days,

        -- timestamps
        last_purchase_date

    from weighted

)

select * from final
