{{ config(materialized='view') }}

with

carts as (

    select * from {{ ref('int_customers__carts') }}

),

interests as (

    select * from {{ ref('int_customers__interests') }}

),

offered as (

    select * from {{ ref('int_products__offered') }}

),

ranked_views as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by view_count desc, last_seen_at desc, product_id asc
        ) as product_rank

    from interests
    where view_count >= {{ var('repeat_browser_views') }}

),

-- The deepest cut, as a share of the price that was seen.
ranked_drops as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by
                price_now_cents * 1.0 / price_seen_cents asc,
                last_seen_at desc,
                product_id asc
        ) as product_rank

    from interests
    where {{ is_price_drop('price_seen_cents', 'price_now_cents') }}

),

reasons as (

    select
        customer_id,
        'cart' as context,
        product_id,
        product_name,
        product_url,
        cast(null as bigint) as drop_percent,
        cast(null as bigint) as price_seen_cents,
        cast(null as bigint) as price_now_cents

    from carts

    union all

    select
        customer_id,
        'views' as context,
        product_id,
        product_name,
        product_url,
        cast(null as bigint) as drop_percent,
        price_seen_cents,
        price_now_cents

    from ranked_views
    where product_rank = 1

    union all

    select
        customer_id,
        'price_drop' as context,
        product_id,
        product_name,
        product_url,
        -- Rounded down: nothing is promised that is not so.
        cast(
            floor(
                (price_seen_cents - price_now_cents) * 100.0 / price_seen_cents
            ) as bigint
        ) as drop_percent,
        price_seen_cents,
        price_now_cents

    from ranked_drops
    where product_rank = 1

),

-- Prices only where the catalog tells the same one, in a currency.
final as (

    select
        -- ids
        reasons.customer_id,
        reasons.context,
        reasons.product_id,

        -- facts
        reasons.product_name,
        reasons.product_url,
        offered.image_url,
        reasons.drop_percent,

        -- money
        offered.price_cents,
        case
            when
                offered.price_cents = reasons.price_now_cents
                and reasons.price_seen_cents > reasons.price_now_cents
                then reasons.price_seen_cents
        end as old_price_cents,
        offered.currency

    from reasons
    left join offered
        on reasons.product_id = offered.product_id

)

select * from final
