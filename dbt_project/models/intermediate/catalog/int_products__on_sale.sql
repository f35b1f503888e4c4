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

-- Prices bear no currency of their own: they are told in the one that is paid in.
paid_in as (

    select
        count(distinct currency) as currency_count,
        min(currency) as currency

    from {{ ref('int_orders__valid') }}

),

-- Two sources that tell two prices tell none.
priced as (

    select
        products.product_id,
        products.product_name,
        products.product_url,
        products.image_url,
        products.category,
        products.first_available_at,
        products.compare_at_price_cents,
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
        priced.product_id,

        -- facts
        priced.product_name,
        priced.product_url,
        priced.image_url,
        priced.category,

        -- money
        case
            when paid_in.currency_count < 2 and priced.price_cents > 0
                then priced.price_cents
        end as price_cents,
        case
            when
                paid_in.currency_count < 2
                and priced.price_cents > 0
                and priced.compare_at_price_cents > priced.price_cents
                then priced.compare_at_price_cents
        end as old_price_cents,
        case
            when paid_in.currency_count < 2 and priced.price_cents > 0
                then paid_in.currency
        end as currency,

        -- timestamps
        priced.first_available_at

    from priced
    cross join paid_in

)

select * from final
