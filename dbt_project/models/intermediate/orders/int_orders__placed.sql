{{ config(materialized='view') }}

with

valid_orders as (

    select * from {{ ref('int_orders__valid') }}

),

returned as (

    select * from {{ ref('int_orders__returned') }}
    where not is_cancelled

),

final as (

    select
        order_id,
        customer_id,
        ordered_at,
        ordered_date

    from valid_orders

    union all

    select
        order_id,
        customer_id,
        ordered_at,
        ordered_date

    from returned

)

select * from final
