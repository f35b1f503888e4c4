with

messages as (

    select * from {{ ref('int_messages__all') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

final as (

    select
        -- ids
        messages.message_id,
        messages.customer_id,
        messages.channel,
        messages.cap_scope,

        -- contact data
        contact_points.address,

        -- timestamps
        messages.last_held_at as sent_at

    from messages
    left join contact_points
        on
            messages.customer_id = contact_points.customer_id
            and {{ address_channel('messages.channel') }}
            = contact_points.channel
    -- What may have left the house counts as sent; what only confirmed that somebody
    -- joined a series was their own wish, and counts nowhere.
    where
        messages.has_left
        and coalesce(messages.purpose, 'campaign')
        not in ('series_ask', 'confirmation')

)

select * from final
