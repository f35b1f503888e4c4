{#- What is left of a sale's full price after the goods are paid; without it nobody knows. -#}
{%- set margin = 'null' if var('gross_margin_share') is none else var('gross_margin_share') -%}

with

people as (

    select * from {{ ref('int_experiments__people') }}

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}
    where has_left

),

people_windows as (

    {% for days in var('reactivation_windows') %}
    select
        customer_id,
        global_holdout_share,
        is_left_alone,
        entered_at,
        {{ days }} as window_days,
        {{ days_after(days, 'entered_at') }} as ends_at
    from people
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

bought as (

    select
        people_windows.customer_id,
        people_windows.window_days,
        sum(orders.net_revenue_cents) as net_revenue_cents,
        sum(orders.discount_cents) as discount_cents

    from people_windows
    inner join orders
        on
            people_windows.customer_id = orders.customer_id
            and people_windows.entered_at < orders.ordered_at
            and people_windows.ends_at >= orders.ordered_at
    group by people_windows.customer_id, people_windows.window_days

),

spent as (

    select
        people_windows.customer_id,
        people_windows.window_days,
        sum(messages.cost_cents) as cost_cents

    from people_windows
    inner join messages
        on
            people_windows.customer_id = messages.customer_id
            and people_windows.entered_at <= messages.left_at
            and people_windows.ends_at >= messages.left_at
    group by people_windows.customer_id, people_windows.window_days

),

final as (

    select
        -- ids
        people_windows.customer_id,

        -- facts
        cast(people_windows.window_days as bigint) as window_days,
        people_windows.global_holdout_share,
        people_windows.is_left_alone,
        bought.customer_id is not null as has_ordered,

        -- money
        cast(coalesce(bought.net_revenue_cents, 0) as double)
            as net_revenue_cents,
        -- The goods cost the same at a discount: it comes off what is left of the sale.
        cast(
            coalesce(bought.net_revenue_cents, 0) * {{ margin }}
            - coalesce(bought.discount_cents, 0) * (1 - {{ margin }})
            - coalesce(spent.cost_cents, 0) as double
        ) as value_cents

    from people_windows
    left join bought
        on
            people_windows.customer_id = bought.customer_id
            and people_windows.window_days = bought.window_days
    left join spent
        on
            people_windows.customer_id = spent.customer_id
            and people_windows.window_days = spent.window_days
    where people_windows.ends_at <= {{ as_of() }}

)

select * from final
