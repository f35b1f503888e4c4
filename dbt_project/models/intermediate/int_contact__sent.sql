with

messages as (

    select * from {{ ref('stg_ledger__messages') }}

),

past_messages as (

    select * from {{ ref('stg_shop__past_messages') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

-- A message that may have left the house counts as sent.
sent_by_us as (

    select
        message_id,
        customer_id,
        channel,
        coalesce(accepted_at, updated_at) as sent_at

    from messages
    where state in ('accepted', 'sending', 'unknown', 'unknown_final')

),

sent_before as (

    select
        message_id,
        customer_id,
        channel,
        sent_at

    from past_messages

),

sent as (

    select * from sent_by_us
    union all
    select * from sent_before

),

final as (

    select
        -- ids
        sent.message_id,
        sent.customer_id,
        sent.channel,

        -- contact data
        contact_points.address,

        -- timestamps
        sent.sent_at

    from sent
    left join contact_points
        on
            sent.customer_id = contact_points.customer_id
            and sent.channel = contact_points.channel
    where sent.sent_at <= {{ as_of() }}

)

select * from final
