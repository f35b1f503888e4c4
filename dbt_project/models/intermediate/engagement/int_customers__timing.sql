with

habits as (

    select * from {{ ref('int_timing__habits') }}

),

by_customer as (

    select
        customer_id,
        max(case when kind = 'order' then usual_hour end) as usual_order_hour,
        max(case when kind = 'order' then usual_weekday end)
            as usual_order_weekday,
        max(case when kind = 'click' then usual_hour end) as usual_click_hour,
        max(case when kind = 'click' then usual_weekday end)
            as usual_click_weekday

    from habits
    group by customer_id

),

final as (

    select
        -- ids
        customer_id,

        -- hours of the day, 0 to 23
        cast(usual_order_hour as bigint) as usual_order_hour,
        cast(usual_click_hour as bigint) as usual_click_hour,
        cast(coalesce(usual_click_hour, usual_order_hour) as bigint)
            as usual_hour,

        -- Monday 1 to Sunday 7
        cast(usual_order_weekday as bigint) as usual_order_weekday,
        cast(usual_click_weekday as bigint) as usual_click_weekday

    from by_customer

)

select * from final
