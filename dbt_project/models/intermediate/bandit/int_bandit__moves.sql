{{ config(materialized='view') }}

with

moves as (

    select * from {{ ref('stg_ledger__bandit_moves') }}
    where moved_at <= {{ as_of() }}

),

arms as (

    select * from {{ ref('stg_ledger__bandit_arms') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by playbook_id, step
            order by moved_at desc, move_id desc
        ) as newest_first

    from moves

),

final as (

    select
        ranked.*,
        arms.arm,
        arms.assigned,
        arms.responded,
        arms.alpha,
        arms.beta,
        arms.value_cents,
        arms.cost_cents,
        arms.reached,
        arms.opted_out,
        arms.complained,
        arms.best_millionths,
        arms.millionths,
        arms.least_share,
        arms.most_share,
        arms.stopped_by

    from ranked
    inner join arms
        on ranked.move_id = arms.move_id

)

-- The columns of stg_ledger__bandit_moves and those that are added here.
select * from final -- noqa: AM04
