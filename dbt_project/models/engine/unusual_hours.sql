with

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

final as (

    select
        -- ids
        cast(customer_id as varchar) as customer_id,
        cast(channel_group as varchar) as channel_group,

        -- place
        cast(zones as varchar) as zones,

        -- timestamps
        window_opens_at,
        window_closes_at

    from customer_windows
    where is_outside_own_hours

)

select * from final
