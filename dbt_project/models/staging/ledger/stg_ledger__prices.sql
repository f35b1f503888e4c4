with

latest as (

    {{ latest_version(source('ledger', 'prices'), 'message_id') }}

),

final as (

    select
        -- ids
        cast(message_id as varchar) as message_id,

        -- facts
        cast(currency as varchar) as currency,

        -- numerics
        cast(cost_cents as decimal(12, 4)) as cost_cents,

        -- timestamps
        cast(told_at as {{ timestamptz_type() }}) as told_at

    from latest

)

select * from final
