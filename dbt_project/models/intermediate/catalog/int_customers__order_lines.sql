with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

customers as (

    select * from {{ ref('int_customers__keys') }}

),

products as (

    select * from {{ ref('int_products__keys') }}

),

-- As narrow as can be: a large shop has tens of millions of these.
final as (

    select
        -- ids
        customers.customer_key,
        products.product_key,
        products.category_key,

        -- facts
        orders.order_number,
        orders.recency_number,
        products.has_name,

        -- numerics
        order_items.quantity,
        order_items.quantity * order_items.unit_price_cents as line_cents,

        -- timestamps
        orders.ordered_at,
        orders.ordered_date

    from order_items
    inner join orders
        on order_items.order_id = orders.order_id
    inner join customers
        on orders.customer_id = customers.customer_id
    inner join products
        on order_items.product_id = products.product_id

)

select * from final
