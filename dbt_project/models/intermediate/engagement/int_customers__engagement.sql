{%- set channels = ['web', 'email', 'sms'] -%}
{#- All that comes to a phone is `sms` here. -#}
{%- set is_on = {
    'web': "channel = 'web'",
    'email': "channel = 'email'",
    'sms': "channel not in ('web', 'email')",
} -%}
{%- set window_start = dbt.dateadd(
    'day', 1 - var('engagement_window_days'), as_of_date()
) -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
customers as (

    select * from {{ ref('int_customers__known') }}

),

events as (

    select * from {{ ref('int_customers__engagement_events') }}

),

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

-- Whether the shop's site tells anything at all.
web_source as (

    select count(*) > 0 as is_there
    from web_events
    where occurred_at <= {{ as_of() }}

),

-- Who was written to could have answered; of another tool's messages no answer
-- is told.
written_to as (

    select
        customer_id,
        {% for channel in channels[1:] -%}
        max(case when {{ is_on[channel] }} then 1 else 0 end) = 1
            as by_{{ channel }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from messages
    where
        origin = 'ledger'
        and state = 'accepted'
        and {{ local_date('accepted_at', shop_zone()) }} >= {{ window_start }}
    group by customer_id

),

-- Ten views of one evening are one interest, so days are counted.
days as (

    select
        customer_id,
        {{ local_date('occurred_at', shop_zone()) }} as engaged_date,
        max(occurred_at) as last_engaged_at,
        {% for channel in channels -%}
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
        case when engaged_date >= {{ window_start }} then 1 else 0 end
            as is_recent

    from days

),

totals as (

    select
        customer_id,
        max(last_engaged_at) as last_engaged_at,
        sum(is_recent) as engaged_days,
        {% for channel in channels -%}
        sum(is_recent * is_{{ channel }}) as {{ channel }}_engaged_days
        {{- ',' if not loop.last }}
        {% endfor %}
    from recent_days
    group by customer_id

),

-- Silence is `none` only where an answer could have been heard, else unknown.
heard as (

    select
        customers.customer_id,
        totals.last_engaged_at,
        web_source.is_there as hears_web,
        {% for channel in channels[1:] -%}
        coalesce(written_to.by_{{ channel }}, false) as hears_{{ channel }},
        {% endfor -%}
        coalesce(totals.engaged_days, 0) as engaged_days,
        {% for channel in channels -%}
        coalesce(totals.{{ channel }}_engaged_days, 0)
            as {{ channel }}_engaged_days
        {{- ',' if not loop.last }}
        {% endfor %}
    from customers
    cross join web_source
    left join totals
        on customers.customer_id = totals.customer_id
    left join written_to
        on customers.customer_id = written_to.customer_id

),

counted as (

    select
        customer_id,
        last_engaged_at,
        case
            when
                engaged_days > 0
                {% for channel in channels -%}
                or hears_{{ channel }}
                {% endfor %}
                then engaged_days
        end as engaged_days,
        {% for channel in channels -%}
        case
            when {{ channel }}_engaged_days > 0 or hears_{{ channel }}
                then {{ channel }}_engaged_days
        end as {{ channel }}_engaged_days
        {{- ',' if not loop.last }}
        {% endfor %}
    from heard

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
        cast(engaged_days as bigint) as engaged_days,
        {% for channel in channels -%}
        cast({{ channel }}_engaged_days as bigint)
            as {{ channel }}_engaged_days,
        {% endfor %}
        -- timestamps
        last_engaged_at

    from counted

)

select * from final
