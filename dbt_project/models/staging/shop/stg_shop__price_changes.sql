with

source as (

    select * from {{ source('shop', 'price_changes') }}

),

final as (

    select
        -- ids
        cast(product_id as varchar) as product_id,

        -- money
        {{ to_cents('price') }} as price_cents,

        -- timestamps
        cast(changed_at as {{ timestamptz_type() }}) as changed_at

    from source

)

select * from final
