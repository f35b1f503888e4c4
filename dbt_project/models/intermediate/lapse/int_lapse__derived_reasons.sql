{{ config(materialized='view') }}

with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

lapse as (

    select * from {{ ref('int_customers__lapse') }}
    where is_lapsed

),

products as (

    select * from {{ ref('int_customers__products') }}

),

prices as (

    select * from {{ ref('int_products__prices') }}

),

spending as (

    select * from {{ ref('int_customers__spending') }}

),

engagement as (

    select * from {{ ref('int_customers__engagement') }}

),

-- List prices on both sides: what a line cost may hold a discount.
dearer as (

    select products.customer_id

    from products
    inner join prices as then_prices
        on
            products.top_product_id = then_prices.product_id
            and products.top_product_last_ordered_at >= then_prices.valid_from
            and products.top_product_last_ordered_at < then_prices.valid_until
    inner join prices as now_prices
        on
            products.top_product_id = now_prices.product_id
            and now_prices.valid_until is null
    where
        now_prices.price_cents
        >= {{ 1 + var('reason_price_rise') }} * then_prices.price_cents

),

-- The most telling sign first; without any sign nothing is known.
final as (

    select
        lapse.customer_id,
        case
            when
                greatest(
                    spending.refund_share, spending.last_order_refund_share
                ) >= {{ var('reason_refund_share') }}
                then 'product'
            when
                customer_orders.order_count
                >= {{ var('reason_discount_min_orders') }}
                and spending.discount_order_share
                >= {{ var('reason_discount_order_share') }}
                then 'price'
            when dearer.customer_id is not null then 'price'
            when products.buys_one_time_goods_only then 'finished'
            when engagement.engagement_level in ('low', 'none') then 'forgot'
        end as lapse_reason

    from lapse
    inner join customer_orders
        on lapse.customer_id = customer_orders.customer_id
    left join spending
        on lapse.customer_id = spending.customer_id
    left join products
        on lapse.customer_id = products.customer_id
    left join dearer
        on lapse.customer_id = dearer.customer_id
    left join engagement
        on lapse.customer_id = engagement.customer_id

)

select * from final
