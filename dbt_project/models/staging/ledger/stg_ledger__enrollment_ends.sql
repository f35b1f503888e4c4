with

latest as (

    {{ latest_version(
        source('ledger', 'enrollment_ends'), 'enrollment_id'
    ) }}

),

final as (

    select
        -- ids
        cast(enrollment_id as varchar) as enrollment_id,

        -- facts
        cast(exit_reason as varchar) as exit_reason,

        -- timestamps
        cast(ended_at as {{ timestamptz_type() }}) as ended_at

    from latest

)

select * from final
