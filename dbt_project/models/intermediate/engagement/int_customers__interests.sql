{%- set kept_days = [
    var('repeat_browser_days'), var('price_drop_seen_days')
] | max -%}

with

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

prices as (

    select * from {{ ref('int_products__prices') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

out_of_stock as (

    select * from {{ ref('int_products__out_of_stock') }}

),

ordered as (

    select * from {{ ref('int_customers__ordered_products') }}

),

-- An order ends all interest shown before it: whatever was wanted, something was bought.
seen_since as (

    select
        web_events.customer_id,
        web_events.product_id,
        web_events.web_event,
        web_events.occurred_at

    from web_events
    left join customer_orders
        on web_events.customer_id = customer_orders.customer_id
    where
        web_events.web_event in ('view', 'add_to_cart', 'checkout_started')
        and web_events.product_id is not null
        and web_events.occurred_at <= {{ as_of() }}
        and web_events.occurred_at
        > {{ days_after('-' ~ kept_days, as_of()) }}
        and (
            customer_orders.last_order_at is null
            or web_events.occurred_at > customer_orders.last_order_at
        )

),

-- Two views at one instant are one: trackers repeat themselves.
interests as (

    select
        customer_id,
        product_id,
        max(occurred_at) as last_seen_at,
        count(
            distinct case
                when
                    web_event = 'view'
                    and occurred_at > {{ days_after(
                        '-' ~ var('repeat_browser_days'), as_of()
                    ) }}
                    then occurred_at
            end
        ) as view_count

    from seen_since
    group by customer_id, product_id

),

final as (

    select
        -- ids
        interests.customer_id,
        interests.product_id,

        -- numerics
        cast(interests.view_count as bigint) as view_count,
        seen_prices.price_cents as price_seen_cents,
        current_prices.price_cents as price_now_cents,

        -- facts
        products.product_name,
        products.product_url,

        -- timestamps
        interests.last_seen_at

    from interests
    left join products
        on interests.product_id = products.product_id
    left join prices as seen_prices
        on
            interests.product_id = seen_prices.product_id
            and interests.last_seen_at >= seen_prices.valid_from
            and interests.last_seen_at < coalesce(
                seen_prices.valid_until, {{ days_after(1, as_of()) }}
            )
    left join prices as current_prices
        on
            interests.product_id = current_prices.product_id
            and current_prices.valid_until is null
    left join out_of_stock
        on interests.product_id = out_of_stock.product_id
    left join ordered
        on
            interests.customer_id = ordered.customer_id
            and interests.product_id = ordered.product_id
    -- Whoever has just ordered it looks at what they have, or want to give back.
    where
        out_of_stock.product_id is null
        and (
            ordered.product_id is null
            or ordered.last_ordered_at < {{ days_after(
                '-' ~ var('just_ordered_days'), 'interests.last_seen_at'
            ) }}
        )

)

select * from final
