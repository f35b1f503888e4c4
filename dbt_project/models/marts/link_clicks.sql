with

clicks as (

    select * from {{ ref('int_messages__link_clicks') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

final as (

    select
        -- ids
        cast(clicks.message_id as varchar) as message_id,
        cast(clicks.link_id as varchar) as link_id,
        cast(clicks.product_id as varchar) as product_id,
        cast(messages.enrollment_id as varchar) as enrollment_id,
        cast(messages.playbook_id as varchar) as playbook_id,
        cast(messages.step as bigint) as step,
        cast(messages.customer_id as varchar) as customer_id,

        -- facts
        cast(messages.channel as varchar) as channel,
        cast(messages.variant as varchar) as variant,
        cast(clicks.link_pos as bigint) as link_pos,
        cast(clicks.link_address as varchar) as link_address,

        -- timestamps
        clicks.clicked_at

    from clicks
    inner join messages
        on clicks.message_id = messages.message_id

)

select * from final
