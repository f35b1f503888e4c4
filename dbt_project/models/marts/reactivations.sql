with

first_orders as (

    select * from {{ ref('int_enrollments__orders') }}
    where order_number = 1

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

credits as (

    select * from {{ ref('int_enrollments__credits') }}

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

)

select * from final
