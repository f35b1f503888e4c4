with

provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

-- What they wrote does not matter, only that they did: a keyword is no answer.
answers as (

    select
        messages.customer_id,
        provider_events.occurred_at as answered_at

    from provider_events
    inner join messages
        on provider_events.message_id = messages.message_id
    inner join steps
        on
            messages.playbook_id = steps.playbook_id
            and messages.step = steps.step
    left join customer_orders
        on messages.customer_id = customer_orders.customer_id
    where
        messages.origin = 'ledger'
        and steps.content_tag = 'feedback'
        and steps.extra_offer_id is not null
        and provider_events.kind = 'replied'
        and not provider_events.is_machine
        and coalesce(provider_events.intent, 'other') not in (
            'start', 'help', 'join', 'unknown_joiner', 'confirm', 'decline', 'leave'
        )
        and provider_events.occurred_at <= {{ as_of() }}
        and (
            customer_orders.last_order_at is null
            or provider_events.occurred_at > customer_orders.last_order_at
        )

),

final as (

    select
        -- ids
        customer_id,

        -- timestamps
        max(answered_at) as answered_at

    from answers
    group by customer_id

)

select * from final
