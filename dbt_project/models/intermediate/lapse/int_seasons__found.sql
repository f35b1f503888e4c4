{{ config(materialized='view') }}

{%- set days_of_year = 365 -%}
{%- set reach = var('season_reach_days') -%}

with

order_days as (

    select * from {{ ref('int_seasons__order_days') }}

),

surroundings as (

    select
        *,
        min(season_year) over around_it as first_season,
        max(season_year) over around_it as last_season,
        first_value(position) over around_it as first_position,
        last_value(position) over around_it as last_position,
        count(*) over around_it as order_day_count,
        sum(case when is_itself then 1 else 0 end) over (
            partition by customer_id
        ) as all_days_count

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
ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by order_day_count desc, ordered_date desc
        ) as season_rank

    from surroundings
    where
        is_itself
        and first_season < last_season

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

    from ranked
    where season_rank = 1

)

select * from final
