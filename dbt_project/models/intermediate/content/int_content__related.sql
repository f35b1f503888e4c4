{{ config(materialized='view') }}

with

last_lines as (

    select * from {{ ref('int_customers__order_lines') }}
    where recency_number = 1

),

customers as (

    select * from {{ ref('int_customers__keys') }}

),

products as (

    select * from {{ ref('int_products__keys') }}

),

together as (

    select * from {{ ref('int_products__together') }}

),

-- What most others bought with anything of the last order.
final as (

    select
        customers.customer_id,
        'related' as kind,
        together.related_product_id as product_id,
        -max(together.buyer_count) as place

    from last_lines
    inner join customers
        on last_lines.customer_key = customers.customer_key
    inner join products
        on last_lines.product_key = products.product_key
    inner join together
        on products.product_id = together.product_id
    group by customers.customer_id, together.related_product_id

)

select * from final
