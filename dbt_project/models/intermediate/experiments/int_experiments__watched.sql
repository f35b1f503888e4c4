with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}

),

enrollment_orders as (

    select * from {{ ref('int_enrollments__orders') }}

),

strata as (

    select * from {{ ref('int_experiments__strata') }}

),

watched as (

    select
        enrollment_windows.playbook_id,
        enrollment_windows.window_days,
        strata.stratum,
        enrollment_windows.arm,
        enrollment_windows.variant,
        enrollment_windows.is_reactivated,
        case
            when enrollment_windows.is_reactivated
                then {{ full_hours(
                    'enrollments.entered_at', 'enrollment_orders.ordered_at'
                ) }}
            when enrollment_windows.is_mature
                then 24 * enrollment_windows.window_days
            else {{ full_hours('enrollments.entered_at', as_of()) }}
        end as hours

    from enrollment_windows
    inner join enrollments
        on enrollment_windows.enrollment_id = enrollments.enrollment_id
    inner join strata
        on enrollment_windows.enrollment_id = strata.enrollment_id
    left join enrollment_orders
        on
            enrollment_windows.enrollment_id = enrollment_orders.enrollment_id
            and enrollment_orders.order_number = 1

),

final as (

    select
        -- ids
        playbook_id,

        -- facts
        stratum,
        arm,
        variant,
        is_reactivated,

        -- numerics
        window_days,
        cast(hours as bigint) as hours,
        count(*) as people

    from watched
    group by
        playbook_id,
        stratum,
        arm,
        variant,
        is_reactivated,
        window_days,
        hours

)

select * from final
