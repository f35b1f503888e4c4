{{ config(materialized='view') }}

with

products as (

    select * from {{ ref('int_products__offered') }}

),

-- The newest of a category, the best reviewed of it, and what carries a tag.
places as (

    select
        'arrivals' as kind,
        category as shelf,
        product_id,
        first_available_at,
        row_number() over (
            partition by category
            order by first_available_at desc, product_id asc
        ) as place

    from products
    where
        category is not null
        and first_available_at is not null

    union all

    select
        'reviewed' as kind,
        category as shelf,
        product_id,
        first_available_at,
        row_number() over (
            partition by category
            order by rating_tenths desc, review_count desc, product_id asc
        ) as place

    from products
    where
        category is not null
        and rating_tenths is not null

    union all

    select
        'tagged' as kind,
        tags.tag as shelf,
        products.product_id,
        products.first_available_at,
        row_number() over (
            partition by tags.tag
            order by
                coalesce(products.rating_tenths, 0) desc,
                products.product_id asc
        ) as place

    from products
    inner join {{ ref('int_products__tags') }} as tags
        on products.product_id = tags.product_id

),

final as (

    select
        kind,
        shelf,
        product_id,
        cast(place as bigint) as place,
        first_available_at

    from places
    where place <= {{ var('content_shelf_size') }}

)

select * from final
