{{ config(materialized='view') }}

{%- set days_of_year = 365 -%}
{%- set reach = var('season_reach_days') -%}

with

order_days as (

    select * from {{ ref('int_seasons__order_days') }}

),

surroundings as (

    select
        customer_id,
        ordered_date,
        position,
        is_itself,
        min(season_year) over around_it as first_season,
        max(season_year) over around_it as last_season,
        count(*) over around_it as order_day_count

    from order_days
    window
        around_it as (
            partition by customer_id
            order by position
            range between {{ reach }} preceding and {{ reach }} following
        )

),

-- Orders of two years around one day of the year make a season; the one with
-- the most order days is the customer's, between equals the one bought in last.
fullest as (

    select
        customer_id,
        max({{ row_of(['order_day_count', 'ordered_date', 'position']) }})
            as middle

    from surroundings
    where
        is_itself
        and first_season < last_season
    group by customer_id

),

middles as (

    select
        customer_id,
        {{ value_of('middle', 1) }} as order_day_count,
        {{ value_of('middle', 3) }} as position

    from fullest

),

-- Asked of the one day alone: two more windows over all days would cost twice as much.
around_middles as (

    select
        middles.customer_id,
        middles.order_day_count,
        order_days.is_itself,
        case
            when
                order_days.position
                between middles.position - {{ reach }}
                and middles.position + {{ reach }}
                then order_days.position
        end as position

    from middles
    inner join order_days
        on middles.customer_id = order_days.customer_id

),

ends as (

    select
        customer_id,
        order_day_count,
        min(position) as first_position,
        max(position) as last_position,
        sum(case when is_itself then 1 else 0 end) as all_days_count

    from around_middles
    group by customer_id, order_day_count

),

-- The season begins with the earliest day of the year on which the customer has
-- bought in it.
final as (

    select
        -- ids
        customer_id,

        -- numerics
        1 + (first_position + {{ days_of_year - 1 }}) % {{ days_of_year }}
            as start_day_of_year,
        1 + last_position - first_position as season_days,
        cast(order_day_count as double) / all_days_count as season_order_share

    from ends

)

select * from final
