with

products as (

    select * from {{ ref('stg_shop__products') }}

),

final as (

    select
        -- ids
        product_id,
        row_number() over (order by product_id) as product_key,
        case
            when category is not null
                then dense_rank() over (order by category)
        end as category_key,

        -- facts
        category,
        product_name is not null as has_name

    from products

)

select * from final
