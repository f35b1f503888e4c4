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

bought as (

    select
        orders.customer_id,
        orders.order_number,
        orders.is_latest,
        orders.ordered_at,
        orders.ordered_date,
        products.product_id,
        products.product_name,
        products.product_url,
        products.category,
        order_items.quantity,
        order_items.quantity * order_items.unit_price_cents as line_cents

    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    inner join products
        on order_items.product_id = products.product_id

),

buyers as (

    select distinct customer_id from bought

),

-- The dearest line of the last order that a message can name.
last_lines as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by coalesce(line_cents, 0) desc, product_id
        ) as line_rank

    from bought
    where
        is_latest
        and product_name is not null

),

last_products as (

    select * from last_lines
    where line_rank = 1

),

product_orders as (

    select
        customer_id,
        product_id,
        count(distinct order_number) as order_count,
        sum(quantity) as unit_count,
        max(ordered_at) as last_ordered_at

    from bought
    where product_name is not null
    group by customer_id, product_id

),

-- Bought in the most orders; between equals the most units, then the latest.
ranked_products as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                order_count desc,
                unit_count desc,
                last_ordered_at desc,
                product_id asc
        ) as product_rank

    from product_orders

),

top_products as (

    select
        ranked_products.customer_id,
        ranked_products.product_id,
        ranked_products.order_count,
        ranked_products.last_ordered_at,
        products.product_name,
        products.product_url

    from ranked_products
    inner join products
        on ranked_products.product_id = products.product_id
    where ranked_products.product_rank = 1

),

category_orders as (

    select
        customer_id,
        category,
        count(distinct order_number) as order_count,
        min(ordered_date) as first_ordered_date,
        max(ordered_date) as last_ordered_date,
        max(ordered_at) as last_ordered_at

    from bought
    where category is not null
    group by customer_id, category

),

-- Bought in the most orders; between equals, the latest.
ranked_categories as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by order_count desc, last_ordered_at desc, category asc
        ) as category_rank

    from category_orders

),

favorite_categories as (

    select * from ranked_categories
    where category_rank = 1

),

-- Of those who had time to buy in the category again, who has.
repeated_categories as (

    select
        category,
        count(*) as buyer_count,
        sum(
            case when last_ordered_date > first_ordered_date then 1 else 0 end
        ) as repeat_buyer_count

    from category_orders
    where
        {{ dbt.datediff('first_ordered_date', as_of_date(), 'day') }}
        >= {{ var('one_time_after_days') }}
    group by category

),

one_time_categories as (

    select category from repeated_categories
    where
        buyer_count >= {{ var('one_time_min_buyers') }}
        and repeat_buyer_count
        <= {{ var('one_time_max_repeat_share') }} * buyer_count

),

needs as (

    select
        category_orders.customer_id,
        min(
            case when one_time_categories.category is null then 0 else 1 end
        ) = 1 as is_one_time

    from category_orders
    left join one_time_categories
        on category_orders.category = one_time_categories.category
    group by category_orders.customer_id

),

final as (

    select
        -- ids
        buyers.customer_id,
        last_products.product_id as last_product_id,
        top_products.product_id as top_product_id,

        -- names
        last_products.product_name as last_product_name,
        last_products.product_url as last_product_url,
        top_products.product_name as top_product_name,
        top_products.product_url as top_product_url,
        favorite_categories.category as favorite_category,

        -- facts
        cast(top_products.order_count as bigint) as top_product_order_count,
        needs.is_one_time as buys_one_time_goods_only,

        -- timestamps
        top_products.last_ordered_at as top_product_last_ordered_at

    from buyers
    left join last_products
        on buyers.customer_id = last_products.customer_id
    left join top_products
        on buyers.customer_id = top_products.customer_id
    left join favorite_categories
        on buyers.customer_id = favorite_categories.customer_id
    left join needs
        on buyers.customer_id = needs.customer_id

)

select * from final
