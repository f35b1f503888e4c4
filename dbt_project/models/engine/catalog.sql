with

products as (

    select * from {{ ref('int_products__on_sale') }}

),

final as (

    select
        -- ids
        product_id,

        -- facts
        product_name,
        product_url,

        -- money
        price_cents,
        currency

    from products

)

select * from final
