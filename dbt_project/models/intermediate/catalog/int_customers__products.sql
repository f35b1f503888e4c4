with

customers as (

    select * from {{ ref('int_customers__keys') }}

),

product_keys as (

    select * from {{ ref('int_products__keys') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

lines as {{ not_materialized() }} (

    select * from {{ ref('int_customers__order_lines') }}
    where has_name

),

categories as (

    select * from {{ ref('int_customers__categories') }}

),

-- The dearest line of the last order that a message can name.
last_lines as (

    select
        customer_key,
        max({{ row_of(['coalesce(line_cents, 0)', '-product_key']) }}) as dearest

    from lines
    where recency_number = 1
    group by customer_key

),

product_lines as (

    select
        customer_key,
        product_key,
        count(*) as line_count,
        sum(quantity) as unit_count,
        max(ordered_at) as last_ordered_at

    from lines
    group by customer_key, product_key

),

-- Bought most often; between equals the most units, then the latest.
top_lines as (

    select
        customer_key,
        max({{ row_of([
            'line_count', 'unit_count', 'last_ordered_at', '-product_key'
        ]) }}) as favorite

    from product_lines
    group by customer_key

),

chosen as (

    select
        customers.customer_id,
        last_keys.product_id as last_product_id,
        top_keys.product_id as top_product_id,
        {{ value_of('top_lines.favorite', 1) }} as line_count,
        {{ value_of('top_lines.favorite', 3) }} as last_ordered_at

    from customers
    left join last_lines
        on customers.customer_key = last_lines.customer_key
    left join product_keys as last_keys
        on -{{ value_of('last_lines.dearest', 2) }} = last_keys.product_key
    left join top_lines
        on customers.customer_key = top_lines.customer_key
    left join product_keys as top_keys
        on -{{ value_of('top_lines.favorite', 4) }} = top_keys.product_key

),

final as (

    select
        -- ids
        chosen.customer_id,
        chosen.last_product_id,
        chosen.top_product_id,

        -- names
        last_products.product_name as last_product_name,
        last_products.product_url as last_product_url,
        top_products.product_name as top_product_name,
        top_products.product_url as top_product_url,
        categories.favorite_category,

        -- facts
        cast(chosen.line_count as bigint) as top_product_line_count,
        categories.buys_one_time_goods_only,

        -- timestamps
        chosen.last_ordered_at as top_product_last_ordered_at

    from chosen
    left join products as last_products
        on chosen.last_product_id = last_products.product_id
    left join products as top_products
        on chosen.top_product_id = top_products.product_id
    left join categories
        on chosen.customer_id = categories.customer_id

)

select * from final
