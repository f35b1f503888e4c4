with

source as (

    select * from {{ source('shop', 'orders') }}

),

final as (

    select
        -- ids
        cast(order_id as varchar) as order_id,
        cast(customer_id as varchar) as customer_id,

        -- money
        {{ to_cents('total_amount') }} as total_cents,
        {{ to_cents('coalesce(discount_amount, 0)') }} as discount_cents,
        {{ to_cents('coalesce(refunded_amount, 0)') }} as refunded_cents,
        upper({{ clean_text('currency') }}) as currency,

        -- facts
        coalesce(lower({{ clean_text('status') }}), 'completed') as status,
        {{ clean_text('coupon_code') }} as coupon_code,

        -- timestamps
        cast(ordered_at as {{ timestamptz_type() }}) as ordered_at

    from source

)

select * from final
