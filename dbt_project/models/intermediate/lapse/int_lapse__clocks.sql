{{ config(materialized='view') }}

with

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

interactions as (

    select * from {{ ref('int_customers__engagement_events') }}

),

-- Not read where orders alone keep the clock.
last_interactions as (

    select
        customer_id,
        max(occurred_at) as last_interaction_at

    from interactions
    where {{ lapse_basis() }} != 'purchase'
    group by customer_id

),

-- Of whom no interaction is known, the last order is the last sign of life.
activity as (

    select
        customer_orders.customer_id,
        customer_orders.days_inactive,
        coalesce(
            {{ dbt.datediff(
                local_date(
                    'last_interactions.last_interaction_at', shop_zone()
                ),
                as_of_date(),
                'day'
            ) }},
            customer_orders.days_inactive
        ) as days_since_interaction

    from customer_orders
    left join last_interactions
        on customer_orders.customer_id = last_interactions.customer_id

),

clocks as (

    select
        customer_id,
        days_inactive,
        case {{ lapse_basis() }}
            when 'purchase' then days_inactive
            when 'engagement' then days_since_interaction
            else least(days_inactive, days_since_interaction)
        end as days_since_activity

    from activity

),

final as (

    select
        -- ids
        customer_id,

        -- numerics
        days_inactive,
        days_since_activity,

        -- dates
        cast(
            {{ dbt.dateadd(
                'day', '-cast(days_since_activity as int)', as_of_date()
            ) }} as date
        ) as last_activity_date

    from clocks

)

select * from final
