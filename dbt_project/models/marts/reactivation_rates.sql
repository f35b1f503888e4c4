with

cells as (

    select * from {{ ref('int_experiments__cells') }}

),

-- The holdout has no variants: it is only there as a whole.
by_variant as (

    select
        playbook_id,
        arm,
        variant,
        window_days,
        sum(assigned) as assigned,
        sum(assigned_mature) as assigned_mature,
        sum(reactivated) as reactivated,
        sum(net_revenue_cents) as net_revenue_cents

    from cells
    where arm = 'treatment'
    group by playbook_id, arm, variant, window_days

),

by_arm as (

    select
        playbook_id,
        arm,
        'all' as variant,
        window_days,
        sum(assigned) as assigned,
        sum(assigned_mature) as assigned_mature,
        sum(reactivated) as reactivated,
        sum(net_revenue_cents) as net_revenue_cents

    from cells
    group by playbook_id, arm, window_days

),

rolled_up as (

    select * from by_variant
    union all
    select * from by_arm

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(arm as varchar) as arm,
        cast(variant as varchar) as variant,
        cast(window_days as bigint) as window_days,

        -- numerics
        cast(assigned as bigint) as assigned,
        cast(assigned_mature as bigint) as assigned_mature,
        cast(reactivated as bigint) as reactivated,
        cast(reactivated as double) / cast(assigned as double)
            as reactivation_rate,

        -- money
        cast(net_revenue_cents as bigint) as net_revenue_cents

    from rolled_up

)

select * from final
