with

plans as (

    select * from {{ ref('int_experiments__started') }}

),

strata as (

    select * from {{ ref('int_experiments__strata') }}

),

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}
    where is_mature

),

counted as (

    select
        plans.plan_id,
        enrollment_windows.ends_at,
        case when enrollment_windows.arm = 'holdout' then 1 else 0 end
            as is_held_out,
        case when enrollment_windows.is_reactivated then 1 else 0 end as is_back

    from enrollment_windows
    inner join strata
        on enrollment_windows.enrollment_id = strata.enrollment_id
    inner join plans
        on
            strata.stratum = plans.plan_id
            and enrollment_windows.window_days = plans.window_days

),

-- In the order in which windows end, and not in that of the machine's runs.
matured as (

    select
        plan_id,
        ends_at,
        sum(1 - is_held_out) as treated,
        sum(is_held_out) as held_out,
        sum((1 - is_held_out) * is_back) as treated_back,
        sum(is_held_out * is_back) as held_out_back

    from counted
    group by plan_id, ends_at

),

summed as (

    select
        plan_id,
        ends_at,
        sum(treated) over (
            partition by plan_id
            order by ends_at
        ) as n_treatment,
        sum(held_out) over (
            partition by plan_id
            order by ends_at
        ) as n_control,
        sum(treated_back) over (
            partition by plan_id
            order by ends_at
        ) as reactivated_treatment,
        sum(held_out_back) over (
            partition by plan_id
            order by ends_at
        ) as reactivated_control

    from matured

),

numbered as (

    select
        plans.*,
        summed.ends_at,
        summed.n_treatment,
        summed.n_control,
        summed.reactivated_treatment,
        summed.reactivated_control,
        floor(
            cast(plans.looks as double)
            * least(summed.n_treatment + summed.n_control, plans.customers)
            / plans.customers
        ) as look

    from summed
    inner join plans
        on summed.plan_id = plans.plan_id

),

followed as (

    select
        *,
        coalesce(
            lag(look) over (
                partition by plan_id
                order by ends_at
            ), 0
        ) as look_before

    from numbered

),

final as (

    select
        -- ids
        plan_id,
        playbook_id,
        window_days,
        cast(look as bigint) as look,

        -- numerics
        cast(n_treatment as bigint) as n_treatment,
        cast(n_control as bigint) as n_control,
        cast(reactivated_treatment as bigint) as reactivated_treatment,
        cast(reactivated_control as bigint) as reactivated_control,
        customers,
        alpha,
        smallest_effect,
        min_customers_per_arm,
        min_expected_reactivations,

        -- timestamps
        ends_at as looked_at

    from followed
    where
        look > look_before
        and least(n_treatment, n_control) > 0

)

select * from final
