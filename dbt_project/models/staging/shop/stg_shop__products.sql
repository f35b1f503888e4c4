with

source as (

    select * from {{ source('shop', 'products') }}

),

final as (

    select
        -- ids
        cast(product_id as varchar) as product_id,

        -- facts
        {{ clean_text('name') }} as product_name,
        {{ clean_text('category') }} as category,
        {{ clean_text('url') }} as product_url,
        {{ clean_text('image_url') }} as image_url,
        {{ clean_text('tags') }} as tags,

        -- money
        {{ to_cents('price') }} as price_cents,
        {{ to_cents('compare_at_price') }} as compare_at_price_cents,

        -- timestamps
        cast(first_available_at as {{ timestamptz_type() }})
            as first_available_at

    from source

)

select * from final
