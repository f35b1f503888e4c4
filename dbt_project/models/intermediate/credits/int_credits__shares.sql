with

touches as (

    select * from {{ ref('int_credits__touches') }}

),

last_touch as (

    select
        order_id,
        message_id,
        'last_touch' as method,
        ordered_at,
        cast(1 as double) as credited_orders,
        net_revenue_cents as credited_revenue_cents

    from touches
    where is_last_touch

),

-- An order has equal parts: two fifths for the first touch, two for the last, and one for
-- all between; of two touches each has a half.
parts as (

    select
        *,
        case
            when touch_count <= 2 then touch_count
            else 5 * (touch_count - 2)
        end as parts_in_all,
        case
            when touch_count <= 2 then touch_number
            when touch_number = touch_count then 5 * (touch_count - 2)
            else 2 * (touch_count - 2) + touch_number - 1
        end as parts_until

    from touches

),

summed as (

    select
        *,
        cast(
            floor(
                cast(net_revenue_cents * parts_until as double) / parts_in_all
            ) as bigint
        ) as cents_until

    from parts

),

-- A touch has what the sum grows by, so that the credits of an order are its revenue, to
-- the cent.
position_based as (

    select
        order_id,
        message_id,
        'position_based' as method,
        ordered_at,
        cast(
            parts_until - coalesce(lag(parts_until) over (
                partition by order_id
                order by touch_number
            ), 0) as double
        ) / parts_in_all as credited_orders,
        cents_until - coalesce(lag(cents_until) over (
            partition by order_id
            order by touch_number
        ), 0) as credited_revenue_cents

    from summed

),

final as (

    select * from last_touch
    union all
    select * from position_based

)

select * from final
