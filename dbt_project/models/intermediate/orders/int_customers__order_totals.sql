with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

totals as (

    select
        customer_id,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        max(ordered_date) as last_order_date,
        max(case when is_latest then order_id end) as last_order_id,
        count(*) as order_count,
        sum(net_revenue_cents) as net_revenue_cents

    from orders
    group by customer_id

),

final as (

    select
        -- ids
        customer_id,
        last_order_id,

        -- numerics
        cast(order_count as bigint) as order_count,
        cast(net_revenue_cents as bigint) as net_revenue_cents,
        cast(round(net_revenue_cents / order_count, 0) as bigint)
            as average_order_value_cents,
        cast(
            {{ dbt.datediff('last_order_date', as_of_date(), 'day') }} as bigint  -- noqa: LT05
        ) as days_inactive,

        -- timestamps
        first_order_at,
        last_order_at,
        last_order_date

    from totals

)

select * from final
