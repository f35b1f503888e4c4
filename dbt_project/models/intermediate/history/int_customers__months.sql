with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

dated as (

    select
        orders.customer_id,
        orders.net_revenue_cents,
        cast(
            {{ dbt.date_trunc(
                'month',
                local_date('customer_orders.first_order_at', shop_zone())
            ) }} as date
        ) as cohort_month,
        cast({{ dbt.date_trunc('month', 'orders.ordered_date') }} as date)
            as order_month

    from orders
    inner join customer_orders
        on orders.customer_id = customer_orders.customer_id

),

final as (

    select
        -- ids
        cohort_month,
        cast(
            {{ dbt.datediff('cohort_month', 'order_month', 'month') }}
            as bigint
        ) as months_since,

        -- numerics
        cast(count(distinct customer_id) as bigint) as customers,
        cast(count(*) as bigint) as orders,

        -- money
        cast(sum(net_revenue_cents) as bigint) as net_revenue_cents

    from dated
    group by cohort_month, order_month

)

select * from final
