with

latest as (

    {{ latest_version(source('ledger', 'unwritten'), 'message_id') }}

),

final as (

    select
        -- ids
        cast(message_id as varchar) as message_id,
        cast(enrollment_id as varchar) as enrollment_id,
        cast(step as bigint) as step,

        -- facts
        cast(rule as varchar) as rule,

        -- timestamps
        cast(found_at as {{ timestamptz_type() }}) as found_at

    from latest

)

select * from final
