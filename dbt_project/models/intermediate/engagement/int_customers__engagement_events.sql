with

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

happenings as (

    select * from {{ ref('int_messages__happenings') }}

),

on_the_site as (

    select
        customer_id,
        'web' as channel,
        web_event as kind,
        occurred_at

    from web_events

),

to_messages as (

    select
        messages.customer_id,
        messages.channel,
        happenings.kind,
        happenings.occurred_at

    from happenings
    inner join messages
        on happenings.message_id = messages.message_id
    where not happenings.is_machine

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
