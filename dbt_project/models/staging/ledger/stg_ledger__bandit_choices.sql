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
        coalesce(cast(barred_arms as varchar), '') as barred_arms,
        cast(offer_id as varchar) as offer_id,
        cast(propensity as double) as propensity,

        -- timestamps
        cast(offer_expires_at as {{ timestamptz_type() }}) as offer_expires_at,
        cast(chosen_at as {{ timestamptz_type() }}) as chosen_at

    from latest

)

select * from final
