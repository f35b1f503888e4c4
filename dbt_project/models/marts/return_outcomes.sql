with

return_windows as (

    select * from {{ ref('int_returns__windows') }}

),

counted as (

    select
        playbook_id,
        arm,
        window_days,
        count(*) as returned,
        sum(case when is_over then 1 else 0 end) as watched,
        sum(case when is_over and later_orders = 0 then 1 else 0 end)
            as relapsed,
        sum(case when is_over then later_orders else 0 end) as later_orders,
        sum(case when is_over then later_orders_with_code else 0 end)
            as later_orders_with_code,
        sum(case when is_over then return_revenue_cents else 0 end)
            as return_revenue_cents,
        sum(case when is_over then later_revenue_cents else 0 end)
            as later_revenue_cents

    from return_windows
    group by playbook_id, arm, window_days

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(arm as varchar) as arm,
        cast(window_days as bigint) as window_days,

        -- numerics
        cast(returned as bigint) as returned,
        cast(watched as bigint) as watched,
        cast(relapsed as bigint) as relapsed,
        cast(relapsed as double) / nullif(watched, 0) as relapse_rate,
        cast(later_orders as bigint) as later_orders,
        cast(later_orders_with_code as bigint) as later_orders_with_code,
        cast(later_orders_with_code as double) / nullif(later_orders, 0)
            as later_code_rate,

        -- money
        cast(return_revenue_cents as bigint) as return_revenue_cents,
        cast(later_revenue_cents as bigint) as later_revenue_cents,
        cast(return_revenue_cents + later_revenue_cents as double)
        / nullif(watched, 0) as revenue_per_customer_cents

    from counted

)

select * from final
