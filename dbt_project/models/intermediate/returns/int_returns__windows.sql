with

enrollment_orders as (

    select * from {{ ref('int_enrollments__orders') }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

window_lengths as (

    {% for days in var('return_windows') %}
    select {{ days }} as window_days
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

return_windows as (

    select
        enrollment_orders.enrollment_id,
        enrollments.playbook_id,
        enrollments.arm,
        enrollment_orders.net_revenue_cents,
        window_lengths.window_days,
        {{ days_after(
            'window_lengths.window_days', 'enrollment_orders.ordered_at'
        ) }} as ends_at

    from enrollment_orders
    inner join enrollments
        on enrollment_orders.enrollment_id = enrollments.enrollment_id
    cross join window_lengths
    where enrollment_orders.order_number = 1

),

later_orders as (

    select * from enrollment_orders
    where order_number > 1

),

final as (

    select
        -- ids
        return_windows.enrollment_id,
        return_windows.playbook_id,
        return_windows.arm,
        cast(return_windows.window_days as bigint) as window_days,

        -- facts
        return_windows.ends_at <= {{ as_of() }} as is_over,

        -- numerics
        count(later_orders.order_id) as later_orders,
        count(later_orders.coupon_code) as later_orders_with_code,

        -- money
        return_windows.net_revenue_cents as return_revenue_cents,
        coalesce(sum(later_orders.net_revenue_cents), 0)
            as later_revenue_cents

    from return_windows
    left join later_orders
        on
            return_windows.enrollment_id = later_orders.enrollment_id
            and return_windows.ends_at >= later_orders.ordered_at
    group by
        return_windows.enrollment_id,
        return_windows.playbook_id,
        return_windows.arm,
        return_windows.window_days,
        return_windows.ends_at,
        return_windows.net_revenue_cents

)

select * from final
