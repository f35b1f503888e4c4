{{ config(materialized='view') }}

with

products as (

    select * from {{ ref('stg_shop__products') }}

),

split as (

    select
        product_id,
        {{ split_to_rows('lower(tags)', var('tag_separators')) }} as tag

    from products
    where tags is not null

),

final as (

    select distinct
        -- ids
        product_id,

        -- facts
        trim(tag) as tag

    from split
    where trim(tag) <> ''

)

select * from final
