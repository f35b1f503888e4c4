with

first_orders as (

    select * from {{ ref('int_enrollments__orders') }}
    where order_number = 1

),

touches as (

    select * from {{ ref('int_enrollments__touches') }}

),

last_touches as (

    select * from {{ ref('int_enrollments__credits') }}

),

-- A message touches an order once, whichever enrollments it follows, and at the last of
-- its deliveries and clicks.
touched as (

    select
        first_orders.order_id,
        first_orders.net_revenue_cents,
        first_orders.ordered_at,
        touches.message_id,
        max(touches.touched_at) as touched_at

    from first_orders
    inner join touches
        on
            first_orders.enrollment_id = touches.enrollment_id
            and first_orders.ordered_at >= touches.touched_at
            and first_orders.ordered_at <= touches.credited_until
    group by
        first_orders.order_id,
        first_orders.net_revenue_cents,
        first_orders.ordered_at,
        touches.message_id

),

final as (

    select
        -- ids
        touched.order_id,
        touched.message_id,

        -- facts
        coalesce(touched.message_id = last_touches.message_id, false)
            as is_last_touch,

        -- numerics
        cast(
            row_number() over (
                partition by touched.order_id
                order by touched.touched_at, touched.message_id
            ) as bigint
        ) as touch_number,
        cast(count(*) over (partition by touched.order_id) as bigint)
            as touch_count,

        -- money
        touched.net_revenue_cents,

        -- timestamps
        touched.ordered_at

    from touched
    left join last_touches
        on touched.order_id = last_touches.order_id

)

select * from final
