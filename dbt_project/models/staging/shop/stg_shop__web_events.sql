with

source as (

    select * from {{ source('shop', 'web_events') }}

),

final as (

    select
        -- ids
        cast(customer_id as varchar) as customer_id,
        cast(product_id as varchar) as product_id,
        cast(cart_id as varchar) as cart_id,

        -- facts
        lower({{ clean_text('event') }}) as web_event,

        -- timestamps
        cast(occurred_at as {{ timestamptz_type() }}) as occurred_at

    from source

)

select * from final
