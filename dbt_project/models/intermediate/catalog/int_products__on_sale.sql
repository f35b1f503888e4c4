{{ config(materialized='view') }}

with

products as (

    select * from {{ ref('stg_shop__products') }}
    where
        product_name is not null
        and (
            first_available_at is null
            or first_available_at <= {{ as_of() }}
        )

),

changed_prices as (

    select * from {{ ref('int_products__prices') }}
    where valid_until is null

),

-- Two sources that tell two prices tell none.
priced as (

    select
        products.product_id,
        products.product_name,
        products.product_url,
        case
            when products.price_cents != changed_prices.price_cents then null
            else coalesce(changed_prices.price_cents, products.price_cents)
        end as price_cents

    from products
    left join changed_prices
        on products.product_id = changed_prices.product_id

),

final as (

    select
        -- ids
        product_id,

        -- facts
        product_name,
        product_url,

        -- money
        case when price_cents > 0 then price_cents end as price_cents

    from priced

)

select * from final
