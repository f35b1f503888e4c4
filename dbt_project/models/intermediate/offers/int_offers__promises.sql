{{ config(materialized='view') }}

with

told as (

    select * from {{ ref('int_offers__told') }}

),

final as (

    select distinct
        customer_id,
        offer_id

    from told
    where holds_until > {{ as_of() }}

)

select * from final
