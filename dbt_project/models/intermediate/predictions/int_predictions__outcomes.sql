with

scores as (

    select * from {{ ref('int_predictions__scores') }}
    where role = 'check'

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

followed as (

    select
        scores.customer_id,
        scores.cutoff_date,
        scores.horizon_days,
        scores.silent_days,
        scores.p_alive,
        scores.expected_orders,
        scores.expected_orders * scores.expected_value_cents
            as expected_revenue_cents,
        count(distinct orders.ordered_date) as order_count,
        coalesce(sum(orders.net_revenue_cents), 0) as revenue_cents

    from scores
    left join orders
        on
            scores.customer_id = orders.customer_id
            and scores.cutoff_date < orders.ordered_date
            and {{ dbt.dateadd('day', 'scores.horizon_days', 'scores.cutoff_date') }}  -- noqa: LT05
            >= orders.ordered_date
    group by
        scores.customer_id,
        scores.cutoff_date,
        scores.horizon_days,
        scores.silent_days,
        scores.p_alive,
        scores.expected_orders,
        scores.expected_value_cents

),

-- Among those who came again, the upper half by what they spent.
ranked as (

    select
        *,
        percent_rank() over (
            partition by order_count > 0
            order by revenue_cents
        ) as revenue_rank

    from followed

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        order_count > 0 as came_again,
        order_count > 0 and revenue_rank >= 0.5 as spent_much,

        -- numerics
        horizon_days,
        silent_days,
        p_alive,
        expected_orders,
        cast(order_count as bigint) as order_count,

        -- money
        expected_revenue_cents,
        cast(revenue_cents as bigint) as revenue_cents,

        -- dates
        cutoff_date

    from ranked

)

select * from final
