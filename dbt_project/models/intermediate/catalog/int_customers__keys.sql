with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

final as (

    select
        -- ids
        customer_id,
        row_number() over (order by customer_id) as customer_key

    from customer_orders

)

select * from final
