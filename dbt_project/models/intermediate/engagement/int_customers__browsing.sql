with

customers as (

    select * from {{ ref('int_customers__known') }}

),

web_events as (

    select * from {{ ref('stg_shop__web_events') }}
    where occurred_at <= {{ as_of() }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

-- Whether the shop's site tells anything at all.
web_source as (

    select count(*) > 0 as is_there from web_events

),

views as (

    select
        customer_id,
        product_id,
        occurred_at

    from web_events
    where
        web_event = 'view'
        and product_id is not null

),

-- Two views of a product at one instant are one: trackers repeat themselves.
recent_views as (

    select distinct
        customer_id,
        product_id,
        occurred_at

    from views
    where
        occurred_at
        > {{ days_after('-' ~ var('viewed_days'), as_of()) }}

),

counts as (

    select
        customer_id,
        count(*) as view_count,
        count(distinct product_id) as viewed_product_count

    from recent_views
    group by customer_id

),

-- The last that a message can name.
ranked_views as (

    select
        views.customer_id,
        views.occurred_at,
        products.product_id,
        products.product_name,
        products.product_url,
        row_number() over (
            partition by views.customer_id
            order by views.occurred_at desc, products.product_id asc
        ) as view_rank

    from views
    inner join products
        on views.product_id = products.product_id
    where products.product_name is not null

),

final as (

    select
        -- ids
        customers.customer_id,
        ranked_views.product_id as last_viewed_product_id,

        -- names
        ranked_views.product_name as last_viewed_product_name,
        ranked_views.product_url as last_viewed_product_url,

        -- numerics
        case
            when web_source.is_there
                then cast(coalesce(counts.view_count, 0) as bigint)
        end as view_count,
        case
            when web_source.is_there
                then cast(coalesce(counts.viewed_product_count, 0) as bigint)
        end as viewed_product_count,

        -- timestamps
        ranked_views.occurred_at as last_viewed_at

    from customers
    cross join web_source
    left join counts
        on customers.customer_id = counts.customer_id
    left join ranked_views
        on
            customers.customer_id = ranked_views.customer_id
            and ranked_views.view_rank = 1

)

select * from final
