with

latest as (

    {{ latest_version(source('ledger', 'bandit_moves'), 'move_id') }}

),

final as (

    select
        -- ids
        cast(move_id as varchar) as move_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(step as bigint) as step,

        -- facts
        cast(seed as varchar) as seed,
        cast(phase as varchar) as phase,
        cast(why as varchar) as why,

        -- bounds
        cast(random_control_share as double) as random_control_share,
        cast(discount as double) as discount,
        cast(max_opt_out_rate as double) as max_opt_out_rate,
        cast(max_complaint_rate as double) as max_complaint_rate,

        -- timestamps
        cast(moved_at as {{ timestamptz_type() }}) as moved_at

    from latest

)

select * from final
