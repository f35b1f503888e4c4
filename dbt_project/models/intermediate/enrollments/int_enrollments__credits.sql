with

first_orders as (

    select * from {{ ref('int_enrollments__orders') }}
    where order_number = 1

),

touches as (

    select * from {{ ref('int_enrollments__touches') }}

),

-- An order has at most one credit, whichever enrollments it follows: the last click,
-- else the last message that reached the customer.
ranked as (

    select
        first_orders.order_id,
        first_orders.net_revenue_cents,
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
        order_id,
        enrollment_id,
        message_id,

        -- money
        net_revenue_cents

    from ranked
    where credit_rank = 1

)

select * from final
