with

gaps as (

    select * from {{ ref('int_customers__purchase_gaps') }}

),

-- A shop has some hundred lengths, however many orders: all that follows is
-- small.
lengths as (

    select
        first_category,
        gap_number = 1 as is_first,
        gap_days,
        count(*) as gap_count,
        sum(case when is_completed then 1 else 0 end) as completed_count

    from gaps
    group by first_category, gap_number = 1, gap_days

),

-- Every gap is one of the shop's, and one of its category's.
scoped as (

    select
        cast(null as varchar) as category,
        is_first,
        gap_days,
        gap_count,
        completed_count

    from lengths

    union all

    select
        first_category as category,
        is_first,
        gap_days,
        gap_count,
        completed_count

    from lengths
    where first_category is not null

),

-- Who bought once waits for a second order; who bought twice, for the next.
members as (

    select
        'next_order' as curve,
        category,
        gap_days,
        gap_count,
        completed_count

    from scoped

    union all

    select
        'second_order' as curve,
        category,
        gap_days,
        gap_count,
        completed_count

    from scoped
    where is_first

),

steps as (

    select
        curve,
        category,
        gap_days,
        sum(gap_count) as gap_count,
        sum(completed_count) as completed_count

    from members
    group by curve, category, gap_days

),

-- At risk on a day: the gaps that lasted as long, completed or still open.
risks as (

    select
        *,
        sum(gap_count) over (
            partition by curve, category
            order by gap_days desc
            rows between unbounded preceding and current row
        ) as at_risk_count

    from steps

),

-- Kaplan and Meier: the product, day by day, of the shares that did not order.
-- Only on the last day of all can everybody left have ordered.
survivals as (

    select
        *,
        case
            when completed_count = at_risk_count then 0
            else
                exp(
                    sum(
                        case
                            when completed_count < at_risk_count
                                then ln(1.0 - completed_count / at_risk_count)
                            else 0
                        end
                    ) over (
                        partition by curve, category
                        order by gap_days
                        rows between unbounded preceding and current row
                    )
                )
        end as survival

    from risks

),

-- The longest gap that is waited for bounds the curve: who comes back after it
-- counts as not coming back.
bounded as (

    select
        *,
        case
            when gap_days <= {{ var('lapse_max_days') }} then 1 - survival
            else 0
        end as returned_share

    from survivals

),

totals as (

    select
        *,
        max(returned_share) over (partition by curve, category)
            as returned_in_all_share

    from bounded

),

-- Of those who come back, the share that has by this day. Rounded, so that no
-- engine's order of adding moves a percentile.
shares as (

    select
        *,
        case
            when gap_days <= {{ var('lapse_max_days') }}
                then
                    round(
                        returned_share / nullif(returned_in_all_share, 0), 9
                    )
        end as returner_share

    from totals

),

curves as (

    select
        curve,
        category,
        sum(completed_count) as completed_count,
        sum(gap_count - completed_count) as open_count,
        max(returned_in_all_share) as returned_share,
        min(case when returner_share >= 0.5 then gap_days end) as p50_days,
        min(case when returner_share >= 0.8 then gap_days end) as p80_days,
        min(case when returner_share >= 0.9 then gap_days end) as p90_days

    from shares
    group by curve, category

),

-- A category's curve counts only in a shop that has enough gaps as a whole.
counted as (

    select
        *,
        max(
            case
                when curve = 'next_order' and category is null
                    then completed_count
            end
        ) over () as shop_completed_count

    from curves

),

final as (

    select
        -- ids
        curve,
        category,
        case
            when category is null then curve
            else concat(curve, ' ', category)
        end as curve_id,

        -- facts
        p50_days is not null
        and shop_completed_count >= {{ var('lapse_min_repeat_gaps') }}
        and completed_count >= case
            when category is null then {{ var('lapse_min_repeat_gaps') }}
            else {{ var('lapse_min_category_gaps') }}
        end as is_usable,

        -- numerics
        cast(completed_count as bigint) as completed_count,
        cast(open_count as bigint) as open_count,
        cast(round(returned_share, 9) as double) as returned_share,
        cast(p50_days as bigint) as p50_days,
        cast(p80_days as bigint) as p80_days,
        cast(p90_days as bigint) as p90_days

    from counted

)

select * from final
