with

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

on_the_site as (

    select
        customer_id,
        'web' as channel,
        web_event as kind,
        occurred_at

    from web_events

),

-- A provider may tell one happening twice, under two ids of its own.
told_once as (

    select
        semantic_key,
        message_id,
        kind,
        min(occurred_at) as occurred_at

    from provider_events
    where not is_machine
    group by semantic_key, message_id, kind

),

-- What came back without a message is nobody's whom we know.
to_messages as (

    select
        messages.customer_id,
        messages.channel,
        told_once.kind,
        told_once.occurred_at

    from told_once
    inner join messages
        on told_once.message_id = messages.message_id

),

interactions as (

    select * from on_the_site
    union all
    select * from to_messages

),

final as (

    select * from interactions
    where
        occurred_at <= {{ as_of() }}
        and kind in ('{{ var("interaction_kinds") | join("', '") }}')  -- noqa: LT05

)

select * from final
