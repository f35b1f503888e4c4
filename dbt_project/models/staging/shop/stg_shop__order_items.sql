with

source as (

    select * from {{ source('shop', 'order_items') }}

),

final as (

    select
        -- ids
        cast(order_id as varchar) as order_id,
        cast(product_id as varchar) as product_id,

        -- numerics
        cast(coalesce(quantity, 1) as bigint) as quantity,
        {{ to_cents('unit_price') }} as unit_price_cents

    from source

)

select * from final
