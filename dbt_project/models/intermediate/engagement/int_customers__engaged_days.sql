{%- set is_on = engagement_channels() -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
events as (

    select * from {{ ref('int_customers__engagement_events') }}

),

-- Ten views of one evening are one interest, so days are counted.
days as (

    select
        customer_id,
        {{ local_date('occurred_at', shop_zone()) }} as engaged_date,
        max(occurred_at) as last_engaged_at,
        {% for channel in is_on -%}
        max(case when {{ is_on[channel] }} then 1 else 0 end)
            as is_{{ channel }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from events
    group by customer_id, {{ local_date('occurred_at', shop_zone()) }}

),

recent_days as (

    select
        *,
        case when engaged_date >= {{ engagement_start() }} then 1 else 0 end
            as is_recent

    from days

),

final as (

    select
        -- ids
        customer_id,

        -- numerics
        cast(sum(is_recent) as bigint) as engaged_days,
        {% for channel in is_on -%}
        cast(sum(is_recent * is_{{ channel }}) as bigint)
            as {{ channel }}_engaged_days,
        {% endfor %}
        -- timestamps
        max(last_engaged_at) as last_engaged_at

    from recent_days
    group by customer_id

)

select * from final
