with

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}

),

final as (

    select
        -- ids
        playbook_id,
        window_days,
        arm,
        variant,

        -- numerics
        cast(count(*) as bigint) as assigned,
        cast(sum(case when is_mature then 1 else 0 end) as bigint)
            as assigned_mature,
        cast(sum(case when is_reactivated then 1 else 0 end) as bigint)
            as reactivated,

        -- money
        cast(sum(net_revenue_cents) as bigint) as net_revenue_cents,
        cast(
            sum(
                cast(net_revenue_cents as double)
                * cast(net_revenue_cents as double)
            ) as double
        ) as net_revenue_cents_squared

    from enrollment_windows
    group by playbook_id, window_days, arm, variant

)

select * from final
