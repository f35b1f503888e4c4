{%- set channels = engagement_channels() | list -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
heard_channels as (

    select * from {{ ref('int_customers__heard_channels') }}

),

totals as (

    select * from {{ ref('int_customers__engaged_days') }}

),

-- Silence is `none` only where an answer could have been heard, else unknown.
counted as (

    select
        heard_channels.customer_id,
        totals.last_engaged_at,
        case
            when
                totals.engaged_days > 0
                {% for channel in channels -%}
                or heard_channels.hears_{{ channel }}
                {% endfor %}
                then coalesce(totals.engaged_days, 0)
        end as engaged_days,
        {% for channel in channels -%}
        case
            when
                totals.{{ channel }}_engaged_days > 0
                or heard_channels.hears_{{ channel }}
                then coalesce(totals.{{ channel }}_engaged_days, 0)
        end as {{ channel }}_engaged_days
        {{- ',' if not loop.last }}
        {% endfor %}
    from heard_channels
    left join totals
        on heard_channels.customer_id = totals.customer_id

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        {{ engagement_level('engaged_days') }} as engagement_level,
        {% for channel in channels -%}
        {{ engagement_level(channel ~ '_engaged_days') }}
            as {{ channel }}_engagement_level,
        {% endfor %}
        -- numerics
        engaged_days,
        {% for channel in channels -%}
        {{ channel }}_engaged_days,
        {% endfor %}
        -- timestamps
        last_engaged_at

    from counted

)

select * from final
