{{ config(materialized='view') }}

with

moments as (

    select * from {{ ref('int_experiments__moments') }}

),

orders as (

    select * from {{ ref('int_experiments__orders') }}

),

earliest as (

    select min(watched_from) as first_moment from moments

),

customers as (

    select distinct customer_id from orders

),

-- A large shop's weights are the same by a part of its customers. How large a part goes by
-- those of before the first of all moments, so that it stays.
parts as (

    select
        coalesce(
            {{ var('index_customers') }}
            / nullif(cast(count(distinct orders.customer_id) as double), 0),
            1
        ) as share

    from orders
    inner join earliest
        on orders.ordered_at <= earliest.first_moment

),

drawn as (

    select customers.customer_id
    from customers
    inner join parts
        on
            {{ hash_unit("customers.customer_id || '|history'") }}
            < parts.share

),

placed as (

    select
        moments.playbook_id,
        moments.window_days,
        moments.watched_from,
        orders.customer_id,
        orders.ordered_at,
        orders.total_cents,
        orders.ordered_at > moments.watched_from as is_after

    from moments
    inner join orders
        on moments.watched_until >= orders.ordered_at
    inner join drawn
        on orders.customer_id = drawn.customer_id

),

watched as (

    select
        playbook_id,
        window_days,
        watched_from,
        customer_id,
        max(case when not is_after then ordered_at end) as last_ordered_at,
        sum(case when is_after then 0 else 1 end) as order_count,
        sum(case when is_after then 0 else total_cents end) as spent_cents,
        sum(case when is_after then 1 else 0 end) as order_count_after,
        sum(case when is_after then total_cents else 0 end)
            as spent_cents_after

    from placed
    group by
        playbook_id,
        window_days,
        watched_from,
        customer_id

),

described as (

    select
        *,
        {{ full_hours('last_ordered_at', 'watched_from') }} as silent_hours

    from watched
    where order_count > 0

),

final as (

    select
        -- ids
        playbook_id,
        customer_id,

        -- facts
        order_count_after > 0 as is_back,

        -- numerics
        window_days,
        cast(silent_hours as bigint) as silent_hours,
        cast(order_count as bigint) as order_count,

        -- money
        cast(spent_cents as bigint) as spent_cents,
        cast(spent_cents_after as bigint) as spent_cents_after,

        -- timestamps
        watched_from

    from described
    where
        silent_hours >= 24 * {{ var('entry_from_days') }}
        and silent_hours <= 24 * {{ var('index_to_days') }}

)

select * from final
