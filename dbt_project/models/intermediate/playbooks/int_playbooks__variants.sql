with

playbooks as (

    select * from {{ ref('playbooks') }}

),

step_variants as (

    select * from {{ ref('step_variants') }}

),

weights as (

    select distinct
        playbook_id,
        variant,
        weight,
        offer_id

    from step_variants

),

stacked as (

    select
        *,
        sum(weight) over (
            partition by playbook_id
            order by variant
            rows between unbounded preceding and current row
        ) as running_weight

    from weights

),

final as (

    select
        -- ids
        stacked.playbook_id,
        stacked.variant,
        stacked.offer_id,

        -- numerics
        cast(stacked.running_weight - stacked.weight as double) as hash_from,
        cast(stacked.running_weight as double) as hash_below,
        cast(
            (1 - playbooks.holdout_share) * stacked.weight as double
        ) as planned_share

    from stacked
    inner join playbooks
        on stacked.playbook_id = playbooks.playbook_id

)

select * from final
