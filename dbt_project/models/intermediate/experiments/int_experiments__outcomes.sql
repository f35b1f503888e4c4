{{ config(materialized='view') }}

with

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}
    where is_mature

),

entry_indexes as (

    select * from {{ ref('int_experiments__index') }}

),

caps as (

    select * from {{ ref('int_experiments__caps') }}

),

-- Sums of squares go beyond a bigint.
final as (

    select
        -- ids
        enrollment_windows.enrollment_id,
        enrollment_windows.playbook_id,

        -- facts
        enrollment_windows.window_days,
        enrollment_windows.arm,
        enrollment_windows.variant,

        -- numerics
        cast(
            case when enrollment_windows.is_reactivated then 1 else 0 end
            as double
        ) as reactivated,
        cast(enrollment_windows.order_count as double) as order_count,
        entry_indexes.entry_index,

        -- money
        cast(enrollment_windows.net_revenue_cents as double) as revenue_cents,
        cast(
            case
                when
                    enrollment_windows.net_revenue_cents
                    > caps.revenue_cap_cents
                    then caps.revenue_cap_cents
                when caps.revenue_cap_cents is not null
                    then enrollment_windows.net_revenue_cents
            end as double
        ) as capped_revenue_cents,
        caps.revenue_cap_cents

    from enrollment_windows
    left join entry_indexes
        on enrollment_windows.enrollment_id = entry_indexes.enrollment_id
    left join caps
        on
            enrollment_windows.playbook_id = caps.playbook_id
            and enrollment_windows.window_days = caps.window_days

)

select * from final
