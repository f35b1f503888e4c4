{{ config(materialized='view') }}

with

reviews as (

    select * from {{ ref('stg_shop__reviews') }}
    where created_at <= {{ as_of() }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

final as (

    select
        'product' as subject_kind,
        product_id as subject,
        product_id,
        rating,
        review_text,
        created_at

    from reviews

    union all

    select
        'category' as subject_kind,
        products.category as subject,
        reviews.product_id,
        reviews.rating,
        reviews.review_text,
        reviews.created_at

    from reviews
    inner join products
        on reviews.product_id = products.product_id
    where products.category is not null

)

select * from final
