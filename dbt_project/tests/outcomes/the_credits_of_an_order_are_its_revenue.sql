{{ config(tags=['outcomes']) }}

-- A returned row is an order of which more or less is credited than it brought: by either
-- method each order that was touched is credited once.
with

touches as (

    select * from {{ ref('int_credits__touches') }}

),

shares as (

    select * from {{ ref('int_credits__shares') }}

),

orders as (

    select distinct
        order_id,
        net_revenue_cents

    from touches

),

credited as (

    select
        order_id,
        method,
        sum(credited_orders) as credited_orders,
        sum(credited_revenue_cents) as credited_revenue_cents

    from shares
    group by order_id, method

)

select
    orders.order_id,
    credited.method

from orders
left join credited
    on orders.order_id = credited.order_id
where
    credited.order_id is null
    or credited.credited_revenue_cents != orders.net_revenue_cents
    or abs(credited.credited_orders - 1) > 0.000001
