with

plans as (

    select * from {{ ref('int_experiments__started') }}

),

strata as (

    select * from {{ ref('int_experiments__strata') }}

),

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}

),

numbered as (

    select
        plans.plan_id,
        plans.customers,
        enrollment_windows.is_mature,
        enrollment_windows.ends_at,
        row_number() over (
            partition by plans.plan_id
            order by enrollment_windows.ends_at, enrollment_windows.enrollment_id
        ) as place

    from plans
    inner join strata
        on plans.plan_id = strata.stratum
    inner join enrollment_windows
        on
            strata.enrollment_id = enrollment_windows.enrollment_id
            and plans.window_days = enrollment_windows.window_days

),

final as (

    select
        -- ids
        plan_id,

        -- numerics
        cast(count(*) as bigint) as entered,
        cast(sum(case when is_mature then 1 else 0 end) as bigint) as matured,

        -- timestamps
        max(case when place = customers then ends_at end) as last_look_at

    from numbered
    group by plan_id

)

select * from final
