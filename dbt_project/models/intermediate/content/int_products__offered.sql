with

on_sale as (

    select * from {{ ref('int_products__on_sale') }}

),

out_of_stock as (

    select * from {{ ref('int_products__out_of_stock') }}

),

reviews as (

    select * from {{ ref('int_content__reviews') }}
    where subject_kind = 'product'

),

final as (

    select
        -- ids
        on_sale.product_id,

        -- facts
        on_sale.product_name,
        on_sale.product_url,
        on_sale.image_url,
        on_sale.category,

        -- money
        on_sale.price_cents,
        on_sale.old_price_cents,
        on_sale.currency,

        -- timestamps
        on_sale.first_available_at,

        -- reviews
        reviews.rating_tenths,
        reviews.review_count

    from on_sale
    left join out_of_stock
        on on_sale.product_id = out_of_stock.product_id
    left join reviews
        on on_sale.product_id = reviews.subject
    where out_of_stock.product_id is null

)

select * from final
