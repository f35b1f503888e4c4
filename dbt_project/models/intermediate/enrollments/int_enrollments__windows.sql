{%- set windows = var('reactivation_windows') -%}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

enrollment_orders as (

    select * from {{ ref('int_enrollments__orders') }}

),

window_lengths as (

    {% for days in windows %}
    select {{ days }} as window_days
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

enrollment_windows as (

    select
        enrollments.enrollment_id,
        enrollments.playbook_id,
        enrollments.arm,
        enrollments.variant,
        enrollments.origin,
        window_lengths.window_days,
        {{ days_after('window_lengths.window_days', 'enrollments.entered_at') }}
            as ends_at

    from enrollments
    cross join window_lengths

),

final as (

    select
        -- ids
        enrollment_windows.enrollment_id,
        enrollment_windows.playbook_id,

        -- facts
        enrollment_windows.arm,
        enrollment_windows.variant,
        enrollment_windows.origin,
        cast(enrollment_windows.window_days as bigint) as window_days,
        enrollment_windows.ends_at <= {{ as_of() }} as is_mature,
        count(enrollment_orders.order_id) > 0 as is_reactivated,

        -- numerics
        cast(count(enrollment_orders.order_id) as bigint) as order_count,

        -- timestamps
        enrollment_windows.ends_at,

        -- money
        cast(coalesce(sum(enrollment_orders.net_revenue_cents), 0) as bigint) as net_revenue_cents

    from enrollment_windows
    left join enrollment_orders
        on
            enrollment_windows.enrollment_id = enrollment_orders.enrollment_id
            and enrollment_windows.ends_at >= enrollment_orders.ordered_at
    group by
        enrollment_windows.enrollment_id,
        enrollment_windows.playbook_id,
        enrollment_windows.arm,
        enrollment_windows.variant,
        enrollment_windows.origin,
        enrollment_windows.window_days,
        enrollment_windows.ends_at

)

select * from final
