{%- set pause_began = dbt.dateadd(
    'hour', '-' ~ var('answer_pause_hours'), as_of()
) -%}

with

talking as (

    select * from {{ ref('int_contact__open_conversations') }}

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

hidden_addresses as (

    select * from {{ ref('int_contact__hidden_addresses') }}
    where not is_former_spelling

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

-- Of whom no message of ours had gone to, only the address is known, by its keyed hash.
owners as (

    select
        contact_points.customer_id,
        talking.is_waiting

    from talking
    inner join hidden_addresses
        on
            talking.channel_group = hidden_addresses.channel_group
            and talking.hidden_address = hidden_addresses.hidden_address
    inner join contact_points
        on
            hidden_addresses.channel_group = contact_points.channel_group
            and hidden_addresses.address = contact_points.address
    where talking.customer_id is null

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
        false as is_waiting

    from clicked

),

final as (

    select
        customer_id,
        max(case when is_waiting then 1 else 0 end) = 1 as is_waiting

    from answering
    group by customer_id

)

select * from final
