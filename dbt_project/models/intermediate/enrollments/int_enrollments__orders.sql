with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

final as (

    select
        -- ids
        enrollments.enrollment_id,
        orders.order_id,

        -- facts
        orders.coupon_code,

        -- numerics
        orders.net_revenue_cents,
        cast(
            row_number() over (
                partition by enrollments.enrollment_id
                order by orders.ordered_at, orders.order_id
            ) as bigint
        ) as order_number,

        -- timestamps
        enrollments.entered_at,
        orders.ordered_at

    from enrollments
    inner join orders
        on
            enrollments.customer_id = orders.customer_id
            and enrollments.entered_at < orders.ordered_at

)

select * from final
