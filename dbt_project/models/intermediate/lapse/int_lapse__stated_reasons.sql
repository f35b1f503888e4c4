{{ config(materialized='view') }}

with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

-- What somebody answered holds until they buy again; of two answers, the later.
replies as (

    select
        messages.customer_id,
        provider_events.lapse_reason,
        provider_events.lapse_words,
        row_number() over (
            partition by messages.customer_id
            order by
                provider_events.occurred_at desc,
                provider_events.provider_event_id asc
        ) as reply_rank

    from provider_events
    inner join messages
        on provider_events.message_id = messages.message_id
    left join customer_orders
        on messages.customer_id = customer_orders.customer_id
    where
        provider_events.lapse_reason is not null
        and provider_events.occurred_at <= {{ as_of() }}
        and (
            customer_orders.last_order_at is null
            or provider_events.occurred_at > customer_orders.last_order_at
        )

),

final as (

    select
        customer_id,
        lapse_reason,
        lapse_words

    from replies
    where reply_rank = 1

)

select * from final
