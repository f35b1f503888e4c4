with

source as (

    select * from {{ source('shop', 'stock') }}

),

final as (

    select
        -- ids
        cast(product_id as varchar) as product_id,

        -- facts: what either column tells to be gone is gone, and so is what none tells of
        coalesce(cast(quantity as bigint) > 0, is_available is not null)
        and coalesce(lower(is_available) in ('true', 'yes', 't', 'y', '1'), true)
            as is_available,

        -- timestamps
        cast(known_at as {{ timestamptz_type() }}) as known_at

    from source

)

select * from final
