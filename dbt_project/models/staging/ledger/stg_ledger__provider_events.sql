with

latest as (

    {{ latest_version(source('ledger', 'provider_events'), 'dedupe_key') }}

),

final as (

    select
        -- ids
        cast(dedupe_key as varchar) as provider_event_id,
        cast(message_id as varchar) as message_id,

        -- facts
        cast(semantic_key as varchar) as semantic_key,
        cast(provider as varchar) as provider,
        cast(kind as varchar) as kind,
        coalesce(is_machine, 0) = 1 as is_machine,
        cast(error_code as varchar) as error_code,
        cast(link as varchar) as link,
        cast(link_pos as bigint) as link_pos,
        cast(link_address as varchar) as link_address,
        cast(lapse_reason as varchar) as lapse_reason,
        cast(lapse_words as varchar) as lapse_words,
        cast(intent as varchar) as intent,

        -- timestamps
        cast(occurred_at as {{ timestamptz_type() }}) as occurred_at,
        cast(received_at as {{ timestamptz_type() }}) as received_at

    from latest

)

select * from final
