with

latest as (

    {{ latest_version(source('ledger', 'bandit_choices'), 'enrollment_id, step') }}

),

final as (

    select
        -- ids
        cast(enrollment_id as varchar) as enrollment_id,
        cast(step as bigint) as step,
        cast(move_id as varchar) as move_id,

        -- facts
        cast(arm as varchar) as arm,
        cast(dealt_by as varchar) as dealt_by,
        cast(propensity as double) as propensity,

        -- timestamps
        cast(chosen_at as {{ timestamptz_type() }}) as chosen_at

    from latest

)

select * from final
