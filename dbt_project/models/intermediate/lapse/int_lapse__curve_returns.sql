{{ config(materialized='view') }}

with

steps as (

    select * from {{ ref('int_lapse__curve_steps') }}

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
final as (

    select
        -- ids
        curve,
        category,
        gap_days,

        -- numerics
        gap_count,
        completed_count,
        case
            when gap_days <= {{ var('lapse_max_days') }} then 1 - survival
            else 0
        end as returned_share

    from survivals

)

select * from final
