with

plans as (

    select * from {{ ref('int_experiments__started') }}

),

sums as (

    select * from {{ ref('int_experiments__look_sums') }}

),

numbered as (

    select
        sums.*,
        plans.playbook_id,
        plans.window_days,
        plans.customers,
        plans.alpha,
        plans.smallest_effect,
        plans.min_customers_per_arm,
        plans.min_expected_reactivations,
        floor(
            cast(plans.looks as double)
            * least(sums.n_treatment + sums.n_control, plans.customers)
            / plans.customers
        ) as look

    from sums
    inner join plans
        on sums.plan_id = plans.plan_id

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
        n_treatment,
        n_control,
        reactivated_treatment,
        reactivated_control,
        index_treatment,
        index_squared_treatment,
        index_reactivated_treatment,
        index_control,
        index_squared_control,
        index_reactivated_control,
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
