with

provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

-- A message comes back once, however often that is told.
returned as (

    select
        provider_events.message_id,
        messages.channel,
        contact_points.address,
        min(provider_events.occurred_at) as returned_at

    from provider_events
    inner join messages
        on provider_events.message_id = messages.message_id
    inner join contact_points
        on
            messages.customer_id = contact_points.customer_id
            and messages.channel = contact_points.channel
    where
        provider_events.kind in (
            '{{ var("soft_bounce_kinds") | join("', '") }}'  -- noqa: LT05
        )
        and provider_events.occurred_at <= {{ as_of() }}
        and contact_points.address is not null
    group by
        provider_events.message_id,
        messages.channel,
        contact_points.address

),

-- Of so many returns in a row, when the first was.
ranked as (

    select
        *,
        lag(returned_at, {{ var('soft_bounce_limit') - 1 }}) over (
            partition by channel, address
            order by returned_at, message_id
        ) as first_returned_at

    from returned

),

rests as (

    select
        channel,
        address,
        {{ days_after(
            var('soft_bounce_rest_days'), 'max(returned_at)'
        ) }} as rests_until

    from ranked
    where returned_at < {{ days_after(
        var('soft_bounce_within_days'), 'first_returned_at'
    ) }}
    group by channel, address

),

final as (

    select
        channel,
        address,
        rests_until

    from rests
    where rests_until > {{ as_of() }}

)

select * from final
