with

arms as (

    select * from {{ ref('int_bandit__arms') }}
    where is_on

),

outcomes as (

    select
        *,
        is_mature and is_comparable as is_counted

    from {{ ref('int_bandit__outcomes') }}

),

-- What a return brings, before codes, is one number a step: a mean over few returns of one arm
-- would be chance.
of_steps as (

    select
        playbook_id,
        step,
        cast(sum(gross_cents) as double) / count(*) as gross_cents

    from outcomes
    where
        is_counted
        and has_responded
    group by
        playbook_id,
        step

),

-- Arms are compared by those who could be dealt each of them; harm counts of everybody.
of_arms as (

    select
        playbook_id,
        step,
        arm,
        sum(case when is_reached then 1 else 0 end) as reached,
        sum(case when has_opted_out then 1 else 0 end) as opted_out,
        sum(case when has_complained then 1 else 0 end) as complained,
        sum(case when is_counted then 1 else 0 end) as assigned,
        sum(case when is_counted and has_responded then 1 else 0 end)
            as responded,
        sum(case when is_counted then discount_cents else 0 end)
            as discount_cents,
        sum(case when is_counted then cost_cents else 0 end) as cost_cents

    from outcomes
    group by
        playbook_id,
        step,
        arm

),

of_days as (

    select
        playbook_id,
        step,
        arm,
        -- noqa: disable=LT05
        {{ dbt.datediff('chosen_on', as_of_date(), 'day') }} as age_days,
        -- noqa: enable=LT05
        count(*) as assigned,
        sum(case when has_responded then 1 else 0 end) as responded

    from outcomes
    where is_counted
    group by
        playbook_id,
        step,
        arm,
        chosen_on

),

final as (

    select
        -- ids
        cast(arms.playbook_id as varchar) as playbook_id,
        cast(arms.step as bigint) as step,
        cast(arms.arm as varchar) as arm,

        -- a day's people whose window is over
        cast(of_days.age_days as bigint) as age_days,
        cast(coalesce(of_days.assigned, 0) as bigint) as assigned,
        cast(coalesce(of_days.responded, 0) as bigint) as responded,

        -- of the arm, whenever it was dealt
        cast(coalesce(of_arms.reached, 0) as bigint) as reached,
        cast(coalesce(of_arms.opted_out, 0) as bigint) as opted_out,
        cast(coalesce(of_arms.complained, 0) as bigint) as complained,
        cast(
            coalesce({{ var('gross_margin_share') or 1 }}, 1)
            * coalesce(of_steps.gross_cents, 0)
            - case
                when of_arms.responded > 0
                    then
                        cast(of_arms.discount_cents as double)
                        / of_arms.responded
                else 0
            end as double
        ) as value_cents,
        cast(
            case
                when of_arms.assigned > 0
                    then
                        cast(of_arms.cost_cents as double) / of_arms.assigned
                else 0
            end as double
        ) as cost_cents,

        -- the operator's bounds
        cast(arms.is_stopped as boolean) as is_stopped,
        cast(arms.least_share as double) as least_share,
        cast(arms.most_share as double) as most_share,
        cast(arms.random_control_share as double) as random_control_share,
        cast(arms.discount as double) as discount,
        cast(arms.max_opt_out_rate as double) as max_opt_out_rate,
        cast(arms.max_complaint_rate as double) as max_complaint_rate

    from arms
    left join of_steps
        on
            arms.playbook_id = of_steps.playbook_id
            and arms.step = of_steps.step
    left join of_arms
        on
            arms.playbook_id = of_arms.playbook_id
            and arms.step = of_arms.step
            and arms.arm = of_arms.arm
    left join of_days
        on
            arms.playbook_id = of_days.playbook_id
            and arms.step = of_days.step
            and arms.arm = of_days.arm

)

select * from final
