with

people_windows as (

    select * from {{ ref('int_experiments__people_windows') }}

),

final as (

    select
        -- facts
        window_days,
        global_holdout_share,
        is_left_alone,

        -- numerics
        cast(count(*) as bigint) as people,
        cast(sum(case when has_ordered then 1 else 0 end) as bigint)
            as reactivated,

        -- money
        sum(net_revenue_cents) as net_revenue_cents,
        sum(net_revenue_cents * net_revenue_cents)
            as net_revenue_cents_squared,
        sum(value_cents) as value_cents,
        sum(value_cents * value_cents) as value_cents_squared

    from people_windows
    group by window_days, global_holdout_share, is_left_alone

)

select * from final
