{{ config(materialized='view') }}

{%- set hours = range(24) -%}
{%- set weekdays = range(1, 8) -%}
{%- set reach = var('usual_hour_reach') -%}
{%- set enough = var('usual_time_min_events') -%}
{%- set share = var('usual_time_min_share') -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
moments as (

    select * from {{ ref('int_timing__moments') }}

),

histograms as (

    select
        customer_id,
        kind,
        count(local_hour) as timed_count,
        count(*) as moment_count,
        {% for hour in hours -%}
        count(case when local_hour = {{ hour }} then 1 end) as at_{{ hour }},
        {% endfor -%}
        {% for day in weekdays -%}
        count(case when local_weekday = {{ day }} then 1 end) as on_{{ day }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from moments
    group by customer_id, kind

),

-- What happened within the reach of each hour, around midnight too.
neighborhoods as (

    select
        *,
        {% for hour in hours -%}
        {% for offset in range(-reach, reach + 1) -%}
        {{ '+ ' if not loop.first }}at_{{ (hour + offset) % 24 }}
        {%- endfor %} as near_{{ hour }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from histograms

),

-- Of two hours with equal neighborhoods, the fuller one comes first.
scores as (

    select
        *,
        {% for hour in hours -%}
        near_{{ hour }} * (timed_count + 1) + at_{{ hour }} as score_{{ hour }},
        {% endfor -%}
        greatest(
            {% for hour in hours -%}
            near_{{ hour }}{{ ',' if not loop.last }}
            {% endfor %}
        ) as fullest_hours,
        greatest(
            {% for day in weekdays -%}
            on_{{ day }}{{ ',' if not loop.last }}
            {% endfor %}
        ) as fullest_day

    from neighborhoods

),

peaks as (

    select
        *,
        greatest(
            {% for hour in hours -%}
            score_{{ hour }}{{ ',' if not loop.last }}
            {% endfor %}
        ) as best_score

    from scores

),

-- The earliest of what is still equal.
final as (

    select
        -- ids
        customer_id,

        -- facts
        kind,
        case
            when timed_count < {{ enough }} then null
            when fullest_hours < {{ share }} * timed_count then null
            {% for hour in hours -%}
            when score_{{ hour }} = best_score then {{ hour }}
            {% endfor %}
        end as usual_hour,
        case
            when moment_count < {{ enough }} then null
            when fullest_day < {{ share }} * moment_count then null
            {% for day in weekdays -%}
            when on_{{ day }} = fullest_day then {{ day }}
            {% endfor %}
        end as usual_weekday

    from peaks

)

select * from final
