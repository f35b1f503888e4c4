with

first_orders as (

    select * from {{ ref('int_enrollments__orders') }}
    where order_number = 1

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

touches as (

    select * from {{ ref('int_enrollments__touches') }}

),

-- An order has at most one credit, whichever enrollments it follows: the last click,
-- else the last message that reached the customer.
credits as (

    select
        first_orders.order_id,
        touches.enrollment_id,
        touches.message_id,
        row_number() over (
            partition by first_orders.order_id
            order by
                touches.touch_rank asc,
                touches.touched_at desc,
                touches.message_id asc
        ) as credit_rank

    from first_orders
    inner join touches
        on
            first_orders.enrollment_id = touches.enrollment_id
            and first_orders.ordered_at >= touches.touched_at
            and first_orders.ordered_at <= touches.credited_until

),

final as (

    select
        -- ids
        cast(first_orders.enrollment_id as varchar) as enrollment_id,
        cast(enrollments.playbook_id as varchar) as playbook_id,
        cast(enrollments.customer_id as varchar) as customer_id,
        cast(first_orders.order_id as varchar) as order_id,
        cast(credits.message_id as varchar) as credited_message_id,

        -- facts
        cast(enrollments.arm as varchar) as arm,
        cast(enrollments.variant as varchar) as variant,

        -- timestamps
        first_orders.ordered_at as reactivated_at,

        -- numerics
        cast(
            {{ dbt.datediff(
                local_date('first_orders.entered_at', shop_zone()),
                local_date('first_orders.ordered_at', shop_zone()),
                'day'
            ) }} as bigint
        ) as days_to_reactivation,
        cast(first_orders.net_revenue_cents as bigint) as net_revenue_cents

    from first_orders
    inner join enrollments
        on first_orders.enrollment_id = enrollments.enrollment_id
    left join credits
        on
            first_orders.order_id = credits.order_id
            and first_orders.enrollment_id = credits.enrollment_id
            and credits.credit_rank = 1

)

select * from final
