{%- set pause_began = dbt.dateadd(
    'hour', '-' ~ var('answer_pause_hours'), as_of()
) -%}

with

conversations as (

    select * from {{ ref('stg_ledger__conversations') }}

),

provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

address_keys as (

    select * from {{ ref('stg_ledger__address_keys') }}

),

-- Whatever the as-of of a replay: nobody who waits for an answer now is written to.
talking as (

    select
        customer_id,
        channel_group,
        hidden_address,
        case when waiting_since is not null then 1 else 0 end as is_waiting

    from conversations
    where
        waiting_since is not null
        or (last_reply_at > {{ pause_began }} and last_reply_at <= {{ as_of() }})

),

-- Their address may belong to others too, and who of them wrote is not known.
housemates as (

    select
        others.customer_id,
        talking.is_waiting

    from talking
    inner join contact_points
        on
            talking.customer_id = contact_points.customer_id
            and talking.channel_group = contact_points.channel_group
    inner join contact_points as others
        on
            contact_points.channel_group = others.channel_group
            and contact_points.address = others.address

),

-- Of whom no message of ours had gone to, only the address is known, by its keyed hash;
-- nobody's is hashed where there is none such.
strangers as (

    select * from talking
    where customer_id is null

),

needed_keys as (

    select * from address_keys
    where exists (select 1 from strangers)

),

hashed as (

    select
        contact_points.customer_id,
        contact_points.channel_group,
        {{ hidden_address(
            'contact_points.address',
            'needed_keys.inner_pad',
            'needed_keys.outer_pad'
        ) }} as hidden_address

    from contact_points
    cross join needed_keys
    where contact_points.address is not null

),

owners as (

    select
        hashed.customer_id,
        strangers.is_waiting

    from strangers
    inner join hashed
        on
            strangers.channel_group = hashed.channel_group
            and strangers.hidden_address = hashed.hidden_address

),

clicked as (

    select messages.customer_id

    from provider_events
    inner join messages
        on provider_events.message_id = messages.message_id
    where
        provider_events.kind = 'clicked'
        and not provider_events.is_machine
        and provider_events.occurred_at > {{ pause_began }}
        and provider_events.occurred_at <= {{ as_of() }}

),

answering as (

    select
        customer_id,
        is_waiting

    from talking
    where customer_id is not null

    union all

    select * from housemates

    union all

    select * from owners

    union all

    select
        customer_id,
        0 as is_waiting

    from clicked

),

final as (

    select
        customer_id,
        max(is_waiting) = 1 as is_waiting

    from answering
    group by customer_id

)

select * from final
