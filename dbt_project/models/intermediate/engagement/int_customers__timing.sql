{%- set hours = range(24) -%}
{%- set weekdays = range(1, 8) -%}
{%- set reach = var('usual_hour_reach') -%}
{%- set enough = var('usual_time_min_events') -%}
{%- set share = var('usual_time_min_share') -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
orders as (

    select * from {{ ref('int_orders__valid') }}

),

events as (

    select * from {{ ref('int_customers__engagement_events') }}

),

zones as (

    select * from {{ ref('int_customers__zones') }}

),

-- The zone that the customer stated; of several others the first by name, as
-- for the ranges of the steps.
customer_zones as (

    select
        customer_id,
        coalesce(
            min(case when source like 'timezone%' then zone end),
            min(zone)
        ) as zone

    from zones
    group by customer_id

),

-- An answer to a message; what people do on the site is no answer.
moments as (

    select
        customer_id,
        'order' as kind,
        ordered_at as happened_at

    from orders

    union all

    select
        customer_id,
        'click' as kind,
        occurred_at as happened_at

    from events
    where channel <> 'web'

),

on_the_clock as (

    select
        moments.customer_id,
        moments.kind,
        {{ to_local('moments.happened_at', shop_zone()) }} as shop_clock,
        {{ to_local(
            'moments.happened_at',
            'coalesce(customer_zones.zone, ' ~ shop_zone() ~ ')'
        ) }} as own_clock

    from moments
    left join customer_zones
        on moments.customer_id = customer_zones.customer_id

),

-- Midnight to the microsecond is a feed that knows days only: such an order has
-- a weekday, the shop's, and no hour.
placed as (

    select
        customer_id,
        kind,
        case
            when shop_clock <> cast(cast(shop_clock as date) as timestamp)
                then extract(hour from own_clock)
        end as local_hour,
        case
            when shop_clock = cast(cast(shop_clock as date) as timestamp)
                then {{ iso_weekday('shop_clock') }}
            else {{ iso_weekday('own_clock') }}
        end as local_weekday

    from on_the_clock

),

histograms as (

    select
        customer_id,
        kind,
        count(local_hour) as timed_count,
        count(*) as moment_count,
        {% for hour in hours -%}
        sum(case when local_hour = {{ hour }} then 1 else 0 end)
            as at_{{ hour }},
        {% endfor -%}
        {% for day in weekdays -%}
        sum(case when local_weekday = {{ day }} then 1 else 0 end)
            as on_{{ day }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from placed
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
habits as (

    select
        customer_id,
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

),

by_customer as (

    select
        customer_id,
        max(case when kind = 'order' then usual_hour end) as usual_order_hour,
        max(case when kind = 'order' then usual_weekday end)
            as usual_order_weekday,
        max(case when kind = 'click' then usual_hour end) as usual_click_hour,
        max(case when kind = 'click' then usual_weekday end)
            as usual_click_weekday

    from habits
    group by customer_id

),

final as (

    select
        -- ids
        customer_id,

        -- hours of the day, 0 to 23
        cast(usual_order_hour as bigint) as usual_order_hour,
        cast(usual_click_hour as bigint) as usual_click_hour,
        cast(coalesce(usual_click_hour, usual_order_hour) as bigint)
            as usual_hour,

        -- Monday 1 to Sunday 7
        cast(usual_order_weekday as bigint) as usual_order_weekday,
        cast(usual_click_weekday as bigint) as usual_click_weekday

    from by_customer

)

select * from final
