with

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}

),

strata as (

    select * from {{ ref('int_experiments__strata') }}

),

dealt as (

    select
        enrollment_windows.*,
        strata.stratum

    from enrollment_windows
    inner join strata
        on enrollment_windows.enrollment_id = strata.enrollment_id

),

final as (

    select
        -- ids
        playbook_id,
        window_days,
        stratum,
        arm,
        variant,

        -- numerics
        cast(count(*) as bigint) as assigned,
        cast(sum(case when is_mature then 1 else 0 end) as bigint)
            as assigned_mature,
        cast(sum(case when is_reactivated then 1 else 0 end) as bigint)
            as reactivated,
        cast(
            sum(case when is_mature and is_reactivated then 1 else 0 end)
            as bigint
        ) as reactivated_mature,

        -- money
        cast(sum(net_revenue_cents) as bigint) as net_revenue_cents,
        cast(
            sum(case when is_mature then net_revenue_cents else 0 end)
            as bigint
        ) as net_revenue_cents_mature,
        cast(
            sum(
                case
                    when is_mature
                        then
                            cast(net_revenue_cents as double)
                            * cast(net_revenue_cents as double)
                    else 0
                end
            ) as double
        ) as net_revenue_cents_squared_mature

    from dealt
    group by playbook_id, window_days, stratum, arm, variant

)

select * from final
