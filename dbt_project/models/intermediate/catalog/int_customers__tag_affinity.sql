with

orders as (

    select * from {{ ref('int_orders__valid') }}
    where recency_number <= {{ var('affinity_orders') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

product_tags as (

    select * from {{ ref('int_products__tags') }}

),

-- An order whose products are not in the catalog says nothing about tags.
products as (

    select product_id from {{ ref('stg_shop__products') }}

),

lines as (

    select distinct
        orders.customer_id,
        orders.order_number,
        products.product_id

    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    inner join products
        on order_items.product_id = products.product_id

),

totals as (

    select
        customer_id,
        count(distinct order_number) as order_count

    from lines
    group by customer_id

),

tag_orders as (

    select
        lines.customer_id,
        product_tags.tag,
        count(distinct lines.order_number) as order_count,
        max(lines.order_number) as last_order_number

    from lines
    inner join product_tags
        on lines.product_id = product_tags.product_id
    group by lines.customer_id, product_tags.tag

),

shares as (

    select
        tag_orders.*,
        cast(tag_orders.order_count as double) / totals.order_count
            as order_share

    from tag_orders
    inner join totals
        on tag_orders.customer_id = totals.customer_id

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
                partition by customer_id
                order by order_count desc, last_order_number desc, tag asc
            ) as bigint
        ) as tag_rank,

        -- facts
        order_count >= {{ var('affinity_min_orders') }}
        and order_share >= {{ var('affinity_min_share') }} as is_held

    from shares

)

select * from final
