with

source as (

    select * from {{ source('shop', 'reviews') }}

),

final as (

    select
        -- ids
        cast(product_id as varchar) as product_id,

        -- facts
        {{ clean_text('text') }} as review_text,

        -- numerics
        cast(rating as decimal(18, 4)) as rating,

        -- timestamps
        cast(created_at as {{ timestamptz_type() }}) as created_at

    from source

)

select * from final
