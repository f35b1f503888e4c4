with

returns as (

    select * from {{ ref('int_lapse__curve_returns') }}

),

totals as (

    select
        *,
        max(returned_share) over (partition by curve, category)
            as returned_in_all_share

    from returns

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
