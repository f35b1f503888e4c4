with

valid_orders as (

    select * from {{ ref('int_orders__valid') }}

),

orders as (

    select * from {{ ref('stg_shop__orders') }}

),

-- A return counts against an order that was paid, valid or not any more.
-- `refunded` without an amount means all of it.
paid as (

    select
        customer_id,
        order_id,
        ordered_at,
        total_cents,
        case
            when status = 'refunded' and refunded_cents = 0 then total_cents
            else least(refunded_cents, total_cents)
        end as refunded_cents

    from orders
    where
        ordered_at <= {{ as_of() }}
        and status not in ('cancelled', 'pending')

),

returns as (

    select
        customer_id,
        count(*) as paid_count,
        sum(case when refunded_cents > 0 then 1 else 0 end)
            as refunded_count,
        sum(total_cents) as total_cents,
        sum(refunded_cents) as refunded_cents,
        max(ordered_at) as last_ordered_at

    from paid
    group by customer_id

),

-- Of two orders at that instant, the one whose id comes last.
last_paid as (

    select
        paid.customer_id,
        max({{ row_of([
            'paid.order_id', 'paid.total_cents', 'paid.refunded_cents'
        ]) }}) as last_order

    from paid
    inner join returns
        on
            paid.customer_id = returns.customer_id
            and paid.ordered_at = returns.last_ordered_at
    group by paid.customer_id

),

discounts as (

    select
        customer_id,
        count(*) as order_count,
        sum(
            case
                when discount_cents > 0 or coupon_code is not null then 1
                else 0
            end
        ) as discounted_count,
        sum(discount_cents) as discount_cents,
        sum(total_cents + discount_cents) as list_cents

    from valid_orders
    group by customer_id

),

-- A shop in which nobody ever had a discount, or a refund, tells nothing of them.
told as (

    select
        (select max(discounted_count) from discounts) > 0 as discounts,
        (select max(refunded_count) from returns) > 0 as refunds

),

final as (

    select
        -- ids
        returns.customer_id,

        -- shares
        case
            when told.discounts
                then
                    cast(discounts.discounted_count as double)
                    / discounts.order_count
        end as discount_order_share,
        case
            when told.discounts
                then
                    cast(discounts.discount_cents as double)
                    / nullif(discounts.list_cents, 0)
        end as discount_share,
        case
            when told.refunds
                then
                    cast(returns.refunded_count as double)
                    / returns.paid_count
        end as refund_order_share,
        case
            when told.refunds
                then
                    cast(returns.refunded_cents as double)
                    / nullif(returns.total_cents, 0)
        end as refund_share,
        case
            when told.refunds
                then
                    cast(
                        {{ value_of('last_paid.last_order', 3) }} as double
                    )
                    / nullif({{ value_of('last_paid.last_order', 2) }}, 0)
        end as last_order_refund_share

    from returns
    cross join told
    left join last_paid
        on returns.customer_id = last_paid.customer_id
    left join discounts
        on returns.customer_id = discounts.customer_id

)

select * from final
