with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

lines as (

    select * from {{ ref('int_customers__order_lines') }}
    where has_name

),

categories as (

    select * from {{ ref('int_customers__categories') }}

),

-- The dearest line of the last order that a message can name.
last_lines as (

    select
        customer_id,
        product_id,
        row_number() over (
            partition by customer_id
            order by coalesce(line_cents, 0) desc, product_id
        ) as line_rank

    from lines
    where is_latest

),

product_lines as (

    select
        customer_id,
        product_id,
        count(*) as line_count,
        sum(quantity) as unit_count,
        max(ordered_at) as last_ordered_at

    from lines
    group by customer_id, product_id

),

-- Bought most often; between equals the most units, then the latest.
ranked_products as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                line_count desc,
                unit_count desc,
                last_ordered_at desc,
                product_id asc
        ) as product_rank

    from product_lines

),

final as (

    select
        -- ids
        customer_orders.customer_id,
        last_products.product_id as last_product_id,
        top_products.product_id as top_product_id,

        -- names
        last_products.product_name as last_product_name,
        last_products.product_url as last_product_url,
        top_products.product_name as top_product_name,
        top_products.product_url as top_product_url,
        categories.favorite_category,

        -- facts
        cast(ranked_products.line_count as bigint) as top_product_line_count,
        categories.buys_one_time_goods_only,

        -- timestamps
        ranked_products.last_ordered_at as top_product_last_ordered_at

    from customer_orders
    left join last_lines
        on
            customer_orders.customer_id = last_lines.customer_id
            and last_lines.line_rank = 1
    left join products as last_products
        on last_lines.product_id = last_products.product_id
    left join ranked_products
        on
            customer_orders.customer_id = ranked_products.customer_id
            and ranked_products.product_rank = 1
    left join products as top_products
        on ranked_products.product_id = top_products.product_id
    left join categories
        on customer_orders.customer_id = categories.customer_id

)

select * from final
