with

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}

),

strata as (

    select * from {{ ref('int_experiments__strata') }}

),

-- Of those alone whose window is over, so that a sum below needs no case.
outcomes as (

    select * from {{ ref('int_experiments__outcomes') }}

),

final as (

    select
        -- ids
        enrollment_windows.playbook_id,
        enrollment_windows.window_days,
        strata.stratum,
        enrollment_windows.arm,
        enrollment_windows.variant,

        -- numerics
        cast(count(*) as bigint) as assigned,
        cast(count(outcomes.enrollment_id) as bigint) as assigned_mature,
        cast(
            sum(case when enrollment_windows.is_reactivated then 1 else 0 end)
            as bigint
        ) as reactivated,
        cast(coalesce(sum(outcomes.reactivated), 0) as bigint)
            as reactivated_mature,

        -- money
        cast(sum(enrollment_windows.net_revenue_cents) as bigint)
            as net_revenue_cents,
        cast(coalesce(sum(outcomes.revenue_cents), 0) as bigint)
            as net_revenue_cents_mature,
        cast(
            coalesce(sum(outcomes.revenue_cents * outcomes.revenue_cents), 0)
            as double
        ) as net_revenue_cents_squared_mature,
        cast(max(outcomes.revenue_cap_cents) as bigint) as revenue_cap_cents,
        cast(sum(outcomes.capped_revenue_cents) as double)
            as capped_revenue_cents_mature,
        cast(
            sum(outcomes.capped_revenue_cents * outcomes.capped_revenue_cents)
            as double
        ) as capped_revenue_cents_squared_mature,

        -- by order
        cast(sum(outcomes.order_count) as double) as orders_mature,
        cast(sum(outcomes.order_count * outcomes.order_count) as double)
            as orders_squared_mature,
        cast(sum(outcomes.order_count * outcomes.revenue_cents) as double)
            as orders_by_revenue_mature,

        -- by the index of before the entry
        cast(sum(outcomes.entry_index) as double) as index_mature,
        cast(sum(outcomes.entry_index * outcomes.entry_index) as double)
            as index_squared_mature,
        cast(sum(outcomes.entry_index * outcomes.reactivated) as double)
            as index_by_reactivated_mature,
        cast(sum(outcomes.entry_index * outcomes.revenue_cents) as double)
            as index_by_revenue_mature

    from enrollment_windows
    inner join strata
        on enrollment_windows.enrollment_id = strata.enrollment_id
    left join outcomes
        on
            enrollment_windows.enrollment_id = outcomes.enrollment_id
            and enrollment_windows.window_days = outcomes.window_days
    group by
        enrollment_windows.playbook_id,
        enrollment_windows.window_days,
        strata.stratum,
        enrollment_windows.arm,
        enrollment_windows.variant

)

select * from final
