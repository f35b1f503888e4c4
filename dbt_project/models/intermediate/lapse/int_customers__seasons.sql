{#- Seasons go by the calendar of this year, which has no 29th of February. -#}
{%- set common_year = 2001 -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
seasons as (

    select * from {{ ref('int_seasons__found') }}

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
