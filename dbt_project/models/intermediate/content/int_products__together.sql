with

-- A customer's last orders alone: what a large shop sold years ago says little, and costs much.
lines as (

    select distinct
        customer_key,
        order_number,
        product_key

    from {{ ref('int_customers__order_lines') }}
    where
        has_name
        and recency_number <= {{ var('together_orders') }}

),

products as (

    select * from {{ ref('int_products__keys') }}

),

-- A basket of many things says little of any two of them, and has many pairs.
baskets as (

    select
        customer_key,
        order_number

    from lines
    group by customer_key, order_number
    having count(*) between 2 and {{ var('together_basket') }}

),

basket_lines as (

    select lines.*

    from lines
    inner join baskets
        on
            lines.customer_key = baskets.customer_key
            and lines.order_number = baskets.order_number

),

-- Each customer once, however often they bought the two.
pairs as (

    select distinct
        these.product_key,
        others.product_key as other_key,
        these.customer_key

    from basket_lines as these
    inner join basket_lines as others
        on
            these.customer_key = others.customer_key
            and these.order_number = others.order_number
            and these.product_key <> others.product_key

),

supported as (

    select
        product_key,
        other_key,
        count(*) as buyer_count

    from pairs
    group by product_key, other_key
    having count(*) >= {{ var('together_min_buyers') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by product_key
            order by buyer_count desc, other_key asc
        ) as place

    from supported

),

final as (

    select
        -- ids
        products.product_id,
        others.product_id as related_product_id,

        -- numerics
        cast(ranked.buyer_count as bigint) as buyer_count

    from ranked
    inner join products
        on ranked.product_key = products.product_key
    inner join products as others
        on ranked.other_key = others.product_key
    where ranked.place <= {{ var('content_shelf_size') }}

)

select * from final
