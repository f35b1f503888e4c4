with

latest as (

    {{ latest_version(source('ledger', 'bandit_arms'), 'move_id, arm') }}

),

final as (

    select
        -- ids
        cast(move_id as varchar) as move_id,
        cast(arm as varchar) as arm,

        -- evidence
        cast(assigned as bigint) as assigned,
        cast(responded as bigint) as responded,
        cast(alpha as double) as alpha,
        cast(beta as double) as beta,
        cast(value_cents as double) as value_cents,
        cast(cost_cents as double) as cost_cents,
        cast(reached as bigint) as reached,
        cast(opted_out as bigint) as opted_out,
        cast(complained as bigint) as complained,

        -- chances
        cast(best_millionths as bigint) as best_millionths,
        cast(millionths as bigint) as millionths,
        cast(least_share as double) as least_share,
        cast(most_share as double) as most_share,
        cast(stopped_by as varchar) as stopped_by

    from latest

)

select * from final
