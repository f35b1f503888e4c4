{#- Seasons go by the calendar of this year, which has no 29th of February. -#}
{%- set common_year = 2001 -%}
{%- set days_of_year = 365 -%}
{%- set reach = var('season_reach_days') -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
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
        {{ dbt.datediff('first_order_at', 'last_order_at', 'day') }}
        >= {{ days_of_year - reach - 1 }}

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
positions as (

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

),

surroundings as (

    select
        *,
        min(season_year) over around_it as first_season,
        max(season_year) over around_it as last_season,
        first_value(position) over around_it as first_position,
        last_value(position) over around_it as last_position,
        count(*) over around_it as order_day_count

    from positions
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

totals as (

    select
        customer_id,
        count(*) as order_day_count

    from order_days
    group by customer_id

),

-- The season begins with the earliest day of the year on which the customer has
-- bought in it.
seasons as (

    select
        ranked.customer_id,
        1 + (ranked.first_position + {{ days_of_year - 1 }})
            % {{ days_of_year }} as start_day_of_year,
        1 + ranked.last_position - ranked.first_position as season_days,
        cast(ranked.order_day_count as double) / totals.order_day_count
            as season_order_share

    from ranked
    inner join totals
        on ranked.customer_id = totals.customer_id
    where ranked.season_rank = 1

),

-- The same day of this year, of the next and of the one before.
starts as (

    select
        *,
        {{ dbt.dateadd(
            'day', 'start_day_of_year - 1',
            "cast('" ~ common_year ~ "-01-01' as date)"
        ) }} as common_start,
        extract(year from {{ as_of_date() }}) - {{ common_year }} as years_on

    from seasons

),

dated as (

    select
        *,
        {% for name, years in [('last', -1), ('this', 0), ('next', 1)] -%}
        cast(
            {{ dbt.dateadd('year', 'years_on + ' ~ years, 'common_start') }}
            as date
        ) as {{ name }}_years_start
        {{- ',' if not loop.last }}
        {% endfor %}
    from starts

),

turned as (

    select
        *,
        case
            when this_years_start >= {{ as_of_date() }} then this_years_start
            else next_years_start
        end as next_season_start,
        case
            when this_years_start <= {{ as_of_date() }} then this_years_start
            else last_years_start
        end as latest_season_start

    from dated

),

final as (

    select
        -- ids
        customer_id,

        -- numerics
        cast(start_day_of_year as bigint) as season_start_day_of_year,
        cast(season_days as bigint) as season_days,
        season_order_share,

        -- facts
        {{ dbt.datediff('latest_season_start', as_of_date(), 'day') }}
        < season_days as is_in_season,

        -- dates
        next_season_start

    from turned

)

select * from final
