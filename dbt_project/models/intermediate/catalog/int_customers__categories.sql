with

lines as (

    select * from {{ ref('int_customers__order_lines') }}

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
        customer_id,

        -- names
        category as favorite_category,

        -- facts
        one_time_count = category_count as buys_one_time_goods_only

    from ranked_categories
    where category_rank = 1

)

select * from final
