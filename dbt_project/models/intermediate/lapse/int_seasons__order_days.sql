{{ config(materialized='view') }}

{#- Seasons go by the calendar of this year, which has no 29th of February. -#}
{%- set common_year = 2001 -%}
{%- set days_of_year = 365 -%}
{%- set reach = var('season_reach_days') -%}

with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

-- Who has not been a customer for about a year has no season yet.
long_known as (

    select * from customer_orders
    where
        {{ dbt.datediff(
            utc_date('first_order_at'), utc_date('last_order_at'), 'day'
        ) }} >= {{ days_of_year - reach - 1 }}

),

order_days as (

    select distinct
        orders.customer_id,
        orders.ordered_date,
        cast(extract(year from orders.ordered_date) as bigint) as order_year

    from orders
    inner join long_known
        on orders.customer_id = long_known.customer_id

),

-- The 29th of February counts as the 28th.
on_the_calendar as (

    select
        customer_id,
        ordered_date,
        order_year,
        1 + {{ dbt.datediff(
            "cast('" ~ common_year ~ "-01-01' as date)",
            'cast(' ~ dbt.dateadd(
                'year', common_year ~ ' - order_year', 'ordered_date'
            ) ~ ' as date)',
            'day'
        ) }} as day_of_year

    from order_days

),

-- Around New Year the days of one season lie in two calendar years: January is
-- also the end of the year before, December the beginning of the next.
final as (

    select
        customer_id,
        ordered_date,
        order_year as season_year,
        day_of_year as position,
        true as is_itself

    from on_the_calendar

    union all

    select
        customer_id,
        ordered_date,
        order_year - 1 as season_year,
        day_of_year + {{ days_of_year }} as position,
        false as is_itself

    from on_the_calendar
    where day_of_year <= {{ reach }}

    union all

    select
        customer_id,
        ordered_date,
        order_year + 1 as season_year,
        day_of_year - {{ days_of_year }} as position,
        false as is_itself

    from on_the_calendar
    where day_of_year > {{ days_of_year - reach }}

)

select * from final
