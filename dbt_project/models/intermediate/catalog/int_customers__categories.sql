with

lines as (

    select * from {{ ref('int_customers__order_lines') }}
    where category_key is not null

),

customers as (

    select * from {{ ref('int_customers__keys') }}

),

categories as (

    select distinct
        category_key,
        category

    from {{ ref('int_products__keys') }}

),

-- An order counts once for a category, however much of it is in it.
category_orders as (

    select
        customer_key,
        category_key,
        order_number,
        min(ordered_date) as ordered_date

    from lines
    group by customer_key, category_key, order_number

),

customer_categories as (

    select
        customer_key,
        category_key,
        count(*) as order_count,
        max(order_number) as last_order_number,
        min(ordered_date) as first_ordered_date,
        max(ordered_date) as last_ordered_date

    from category_orders
    group by customer_key, category_key

),

-- Of those who had time to buy in the category again, who has.
repeated_categories as (

    select
        category_key,
        count(*) as buyer_count,
        sum(
            case when last_ordered_date > first_ordered_date then 1 else 0 end
        ) as repeat_buyer_count

    from customer_categories
    where
        {{ dbt.datediff('first_ordered_date', as_of_date(), 'day') }}
        >= {{ var('one_time_after_days') }}
    group by category_key

),

one_time_categories as (

    select category_key from repeated_categories
    where
        buyer_count >= {{ var('one_time_min_buyers') }}
        and repeat_buyer_count
        <= {{ var('one_time_max_repeat_share') }} * buyer_count

),

-- The favorite is bought in the most orders; between equals, the latest.
of_customers as (

    select
        customer_categories.customer_key,
        max({{ row_of([
            'customer_categories.order_count',
            'customer_categories.last_order_number',
            '-customer_categories.category_key',
        ]) }}) as favorite,
        count(*) as category_count,
        count(one_time_categories.category_key) as one_time_count

    from customer_categories
    left join one_time_categories
        on customer_categories.category_key = one_time_categories.category_key
    group by customer_categories.customer_key

),

final as (

    select
        -- ids
        customers.customer_id,

        -- names
        categories.category as favorite_category,

        -- facts
        of_customers.one_time_count = of_customers.category_count
            as buys_one_time_goods_only

    from of_customers
    inner join customers
        on of_customers.customer_key = customers.customer_key
    inner join categories
        on -{{ value_of('of_customers.favorite', 3) }} = categories.category_key

)

select * from final
