with

source as (

    select * from {{ source('shop', 'past_messages') }}

),

final as (

    select
        -- ids
        cast(message_id as varchar) as message_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,

        -- facts
        cast(step as varchar) as step,
        lower({{ clean_text('channel') }}) as channel,
        coalesce({{ clean_text('variant') }}, '') as variant,

        -- timestamps
        cast(sent_at as {{ timestamptz_type() }}) as sent_at

    from source

)

select * from final
