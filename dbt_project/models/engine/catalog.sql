with

products as (

    select * from {{ ref('int_products__on_sale') }}

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

-- Prices bear no currency of their own: they are told in the one that is paid in.
paid_in as (

    select
        count(distinct currency) as currency_count,
        min(currency) as currency

    from orders

),

final as (

    select
        -- ids
        products.product_id,

        -- facts
        products.product_name,
        products.product_url,

        -- money
        case
            when paid_in.currency_count < 2 then products.price_cents
        end as price_cents,
        case
            when
                paid_in.currency_count < 2
                and products.price_cents is not null
                then paid_in.currency
        end as currency

    from products
    cross join paid_in

)

select * from final
