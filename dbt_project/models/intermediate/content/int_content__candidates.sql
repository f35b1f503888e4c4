{{ config(materialized='view') }}

with

shelves as (

    select * from {{ ref('int_content__shelves') }}

),

categories as (

    select * from {{ ref('int_customers__categories') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

held_tags as (

    select * from {{ ref('int_customers__spoken_tag') }}

),

related as (

    select * from {{ ref('int_content__related') }}

),

-- New is what came since the customer's last order, not what is called so.
final as (

    select
        categories.customer_id,
        shelves.kind,
        shelves.product_id,
        shelves.place

    from categories
    inner join customer_orders
        on categories.customer_id = customer_orders.customer_id
    inner join shelves
        on categories.favorite_category = shelves.shelf
    where
        shelves.kind = 'reviewed'
        or (
            shelves.kind = 'arrivals'
            and shelves.first_available_at > customer_orders.last_order_at
        )

    union all

    select
        held_tags.customer_id,
        shelves.kind,
        shelves.product_id,
        shelves.place

    from held_tags
    inner join shelves
        on held_tags.tag = shelves.shelf
    where shelves.kind = 'tagged'

    union all

    select
        customer_id,
        kind,
        product_id,
        place

    from related

)

select * from final
