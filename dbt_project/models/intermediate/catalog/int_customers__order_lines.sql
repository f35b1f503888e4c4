with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

-- As narrow as can be: a large shop has tens of millions of these.
final as (

    select
        -- ids
        orders.customer_id,
        products.product_id,

        -- facts
        orders.order_number,
        orders.is_latest,
        products.category,
        products.product_name is not null as has_name,

        -- numerics
        order_items.quantity,
        order_items.quantity * order_items.unit_price_cents as line_cents,

        -- timestamps
        orders.ordered_at,
        orders.ordered_date

    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    inner join products
        on order_items.product_id = products.product_id

)

select * from final
