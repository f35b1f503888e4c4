with

lines as {{ not_materialized() }} (

    select * from {{ ref('int_customers__order_lines') }}
    where recency_number <= {{ var('affinity_orders') }}

),

customers as (

    select * from {{ ref('int_customers__keys') }}

),

products as (

    select * from {{ ref('int_products__keys') }}

),

tags as (

    select * from {{ ref('int_products__tags') }}

),

product_tags as (

    select
        products.product_key,
        tags.tag,
        dense_rank() over (order by tags.tag) as tag_key

    from tags
    inner join products
        on tags.product_id = products.product_id

),

-- An order whose products are not in the catalog says nothing about tags.
totals as (

    select
        customer_key,
        count(distinct order_number) as order_count

    from lines
    group by customer_key

),

orders_with_tag as (

    select distinct
        lines.customer_key,
        product_tags.tag_key,
        lines.order_number

    from lines
    inner join product_tags
        on lines.product_key = product_tags.product_key

),

tag_orders as (

    select
        customer_key,
        tag_key,
        count(*) as order_count,
        max(order_number) as last_order_number

    from orders_with_tag
    group by customer_key, tag_key

),

tag_names as (

    select distinct
        tag_key,
        tag

    from product_tags

),

shares as (

    select
        tag_orders.*,
        customers.customer_id,
        tag_names.tag,
        cast(tag_orders.order_count as double) / totals.order_count
            as order_share

    from tag_orders
    inner join totals
        on tag_orders.customer_key = totals.customer_key
    inner join customers
        on tag_orders.customer_key = customers.customer_key
    inner join tag_names
        on tag_orders.tag_key = tag_names.tag_key

),

-- In the most orders; between equals, the latest.
final as (

    select
        -- ids
        customer_id,
        tag,

        -- numerics
        cast(order_count as bigint) as order_count,
        order_share,
        cast(
            row_number() over (
                partition by customer_key
                order by order_count desc, last_order_number desc, tag_key asc
            ) as bigint
        ) as tag_rank,

        -- facts
        order_count >= {{ var('affinity_min_orders') }}
        and order_share >= {{ var('affinity_min_share') }} as is_held

    from shares

)

select * from final
