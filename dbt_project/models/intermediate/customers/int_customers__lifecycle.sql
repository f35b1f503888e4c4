with

customers as (

    select * from {{ ref('int_customers__known') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

lapse as (

    select * from {{ ref('int_customers__lapse') }}

),

rhythm as (

    select * from {{ ref('int_customers__rhythm') }}

),

rfm as (

    select * from {{ ref('int_customers__rfm') }}

),

final as (

    select
        -- ids
        customers.customer_id,
        customer_orders.last_order_id,

        -- place
        customers.country,
        customers.region,

        -- numerics
        coalesce(customer_orders.order_count, 0) as order_count,
        coalesce(customer_orders.net_revenue_cents, 0) as net_revenue_cents,
        customer_orders.average_order_value_cents,
        customer_orders.days_inactive,
        lapse.days_since_activity,
        lapse.lapse_threshold_days,

        -- facts
        lapse.lapse_stage,
        coalesce(lapse.is_lapsed, false) as is_lapsed,
        rfm.rfm_segment,
        rfm.value_tier,

        -- timestamps
        customer_orders.first_order_at,
        customer_orders.last_order_at,
        customer_orders.last_order_date,
        lapse.last_activity_date,
        rhythm.expected_next_order_date

    from customers
    left join customer_orders
        on customers.customer_id = customer_orders.customer_id
    left join lapse
        on customers.customer_id = lapse.customer_id
    left join rhythm
        on customers.customer_id = rhythm.customer_id
    left join rfm
        on customers.customer_id = rfm.customer_id

)

select * from final
