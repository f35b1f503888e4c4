with

orders as (

    select * from {{ ref('int_orders__valid') }}
    where coupon_code != ''

),

-- Some shops name all codes of an order in one cell.
parts as (

    select
        order_id,
        customer_id,
        net_revenue_cents,
        discount_cents,
        ordered_at,
        {{ split_to_rows('coupon_code', '[,;|]') }} as code

    from orders

),

final as (

    select distinct
        order_id,
        customer_id,
        {{ code_key('code') }} as code_key,
        net_revenue_cents,
        discount_cents,
        ordered_at

    from parts
    where {{ code_key('code') }} != ''

)

select * from final
