with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}
    where
        is_mature
        and window_days = {{ var('plan_window_days') }}

),

variants as (

    select
        *,
        'treatment' as arm
    from {{ ref('int_playbooks__variants') }}

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

-- The orders until the entry: what came later may be the offer's doing.
described as (

    select
        enrollment_windows.enrollment_id,
        enrollment_windows.playbook_id,
        enrollment_windows.arm,
        enrollment_windows.variant,
        enrollment_windows.is_reactivated,
        count(orders.order_id) as order_count

    from enrollment_windows
    inner join enrollments
        on enrollment_windows.enrollment_id = enrollments.enrollment_id
    left join orders
        on
            enrollments.customer_id = orders.customer_id
            and enrollments.entered_at >= orders.ordered_at
    group by
        enrollment_windows.enrollment_id,
        enrollment_windows.playbook_id,
        enrollment_windows.arm,
        enrollment_windows.variant,
        enrollment_windows.is_reactivated

),

final as (

    select
        -- ids
        described.playbook_id,
        variants.offer_id,

        -- facts
        described.arm,
        described.variant,
        cast(
            {{ band('described.order_count', var('rfm_frequency_bands')) }}
            as bigint
        ) as f_score,

        -- numerics
        cast(count(*) as double) as customers,
        cast(
            sum(case when described.is_reactivated then 1 else 0 end) as double
        ) as came_back

    from described
    left join variants
        on
            described.playbook_id = variants.playbook_id
            and described.variant = variants.variant
            and described.arm = variants.arm
    where described.order_count > 0
    group by
        described.playbook_id,
        variants.offer_id,
        described.arm,
        described.variant,
        f_score

)

select * from final
