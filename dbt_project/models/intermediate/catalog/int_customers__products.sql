with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

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
lines as (

    select
        orders.customer_id,
        orders.order_number,
        orders.is_latest,
        orders.ordered_at,
        orders.ordered_date,
        products.product_id,
        products.category,
        products.product_name is not null as has_name,
        order_items.quantity,
        order_items.quantity * order_items.unit_price_cents as line_cents

    from orders
    inner join order_items
        on orders.order_id = order_items.order_id
    inner join products
        on order_items.product_id = products.product_id

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
    where
        is_latest
        and has_name

),

product_lines as (

    select
        customer_id,
        product_id,
        count(*) as line_count,
        sum(quantity) as unit_count,
        max(ordered_at) as last_ordered_at

    from lines
    where has_name
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

-- An order counts once for a category, however much of it is in it.
category_orders as (

    select
        customer_id,
        category,
        order_number,
        min(ordered_date) as ordered_date

    from lines
    where category is not null
    group by customer_id, category, order_number

),

customer_categories as (

    select
        customer_id,
        category,
        count(*) as order_count,
        max(order_number) as last_order_number,
        min(ordered_date) as first_ordered_date,
        max(ordered_date) as last_ordered_date

    from category_orders
    group by customer_id, category

),

-- Of those who had time to buy in the category again, who has.
repeated_categories as (

    select
        category,
        count(*) as buyer_count,
        sum(
            case when last_ordered_date > first_ordered_date then 1 else 0 end
        ) as repeat_buyer_count

    from customer_categories
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

-- Bought in the most orders; between equals, the latest.
ranked_categories as (

    select
        customer_categories.customer_id,
        customer_categories.category,
        row_number() over (
            partition by customer_categories.customer_id
            order by
                customer_categories.order_count desc,
                customer_categories.last_order_number desc,
                customer_categories.category asc
        ) as category_rank,
        count(*) over (partition by customer_categories.customer_id)
            as category_count,
        count(one_time_categories.category)
            over (partition by customer_categories.customer_id)
            as one_time_count

    from customer_categories
    left join one_time_categories
        on customer_categories.category = one_time_categories.category

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
        ranked_categories.category as favorite_category,

        -- facts
        cast(ranked_products.line_count as bigint) as top_product_line_count,
        ranked_categories.one_time_count = ranked_categories.category_count
            as buys_one_time_goods_only,

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
    left join ranked_categories
        on
            customer_orders.customer_id = ranked_categories.customer_id
            and ranked_categories.category_rank = 1

)

select * from final
