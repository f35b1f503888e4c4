{{ config(materialized='view') }}

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

final as (

    select
        -- ids
        curve,
        category,
        gap_days,

        -- numerics
        sum(gap_count) as gap_count,
        sum(completed_count) as completed_count

    from members
    group by curve, category, gap_days

)

select * from final
