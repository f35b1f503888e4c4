{{ config(materialized='view') }}

with

products as (

    select * from {{ ref('stg_shop__products') }}

),

stock as (

    select * from {{ ref('stg_shop__stock') }}

),

-- A shop that tells no stock at all has everything.
stock_source as (

    select count(*) > 0 as is_there from stock

),

available as (

    select product_id
    from stock
    where
        is_available
        and (known_at is null or known_at <= {{ as_of() }})

),

final as (

    select products.product_id

    from products
    cross join stock_source
    left join available
        on products.product_id = available.product_id
    where
        stock_source.is_there
        and available.product_id is null

)

select * from final
