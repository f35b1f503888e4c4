{{ config(materialized='view') }}

with

messages as (

    select * from {{ ref('int_messages__all') }}
    where
        origin = 'ledger'
        and has_left

),

events as (

    select * from {{ ref('int_messages__events') }}

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

-- An order speaks for the last message within whose credit it was placed.
credits as (

    select
        messages.message_id,
        row_number() over (
            partition by orders.order_id
            order by messages.left_at desc, messages.message_id asc
        ) as credit_rank

    from messages
    inner join orders
        on
            messages.customer_id = orders.customer_id
            and messages.left_at < orders.ordered_at
            and orders.ordered_at <= case messages.channel
                when 'email'
                    then {{ dbt.dateadd(
                        'hour', var('email_credit_hours'), 'messages.left_at'
                    ) }}
                else {{ dbt.dateadd(
                    'hour', var('sms_credit_hours'), 'messages.left_at'
                ) }}
            end

),

purchases as (

    select distinct message_id from credits
    where credit_rank = 1

),

-- Whoever opted out of a message has not liked the channel.
final as (

    select
        -- ids
        messages.customer_id,
        messages.channel,

        -- numerics
        count(*) as message_count,
        cast(sum(
            case
                when events.opted_out_at is not null then 0
                when events.clicked_at is not null then 1
                when events.replied_at is not null then 1
                when purchases.message_id is not null then 1
                else 0
            end
        ) as bigint) as answered_count

    from messages
    left join events
        on messages.message_id = events.message_id
    left join purchases
        on messages.message_id = purchases.message_id
    group by messages.customer_id, messages.channel

)

select * from final
