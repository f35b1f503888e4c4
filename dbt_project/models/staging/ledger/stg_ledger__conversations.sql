with

latest as (

    {{ latest_version(source('ledger', 'conversations'), 'conversation_id') }}

),

final as (

    select
        -- ids
        cast(conversation_id as varchar) as conversation_id,
        cast(customer_id as varchar) as customer_id,

        -- facts
        cast(channel_group as varchar) as channel_group,
        cast(hidden_address as varchar) as hidden_address,

        -- timestamps
        cast(opened_at as {{ timestamptz_type() }}) as opened_at,
        cast(last_reply_at as {{ timestamptz_type() }}) as last_reply_at,
        cast(waiting_since as {{ timestamptz_type() }}) as waiting_since

    from latest

)

select * from final
