with

expected_orders as (

    select * from {{ source('predictions', 'expected_orders') }}

),

final as (

    select
        -- ids
        cast(fit_id as varchar) as fit_id,

        -- numerics
        cast(repeats as bigint) as repeats,
        cast(weeks as bigint) as weeks,
        cast(orders_if_active as double) as orders_if_active

    from expected_orders

)

select * from final
