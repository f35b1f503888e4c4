with

moves as (

    select * from {{ ref('int_bandit__moves') }}

),

final as (

    select
        -- ids
        cast(move_id as varchar) as move_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(step as bigint) as step,
        cast(arm as varchar) as arm,

        -- the move
        cast(phase as varchar) as phase,
        cast(why as varchar) as why,
        cast(seed as varchar) as seed,
        cast(stopped_by as varchar) as stopped_by,
        cast(millionths / 1000000.0 as double) as chance,
        cast(best_millionths / 1000000.0 as double) as best_chance,

        -- the evidence
        cast(assigned as bigint) as assigned,
        cast(responded as bigint) as responded,
        cast(alpha as double) as alpha,
        cast(beta as double) as beta,
        cast(reached as bigint) as reached,
        cast(opted_out as bigint) as opted_out,
        cast(complained as bigint) as complained,

        -- the bounds
        cast(least_share as double) as least_share,
        cast(most_share as double) as most_share,
        cast(random_control_share as double) as random_control_share,
        cast(discount as double) as discount,
        cast(max_opt_out_rate as double) as max_opt_out_rate,
        cast(max_complaint_rate as double) as max_complaint_rate,

        -- money: means, with fractions of a cent
        cast(value_cents as double) as value_cents,
        cast(cost_cents as double) as cost_cents,

        -- timestamps
        moved_at

    from moves

)

select * from final
