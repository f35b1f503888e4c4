with

other_ids as (

    select * from {{ ref('int_customers__other_ids') }}

),

placed as (

    select * from {{ ref('int_orders__placed') }}

),

lapse as (

    select * from {{ ref('int_customers__lapse') }}

),

newest as (

    select
        customer_id,
        max(ordered_at) as ordered_at,
        max(ordered_date) as ordered_date

    from placed
    group by customer_id

),

final as (

    select
        -- ids
        other_ids.customer_id,

        -- facts
        other_ids.is_same_person,

        -- timestamps
        max(newest.ordered_at) as ordered_at

    from other_ids
    inner join newest
        on other_ids.other_id = newest.customer_id
    left join lapse
        on other_ids.customer_id = lapse.customer_id
    where
        {{ dbt.datediff('newest.ordered_date', as_of_date(), 'day') }}
        < coalesce(
            lapse.lapse_threshold_days, {{ var('lapse_fixed_from_days') }}
        )
    group by other_ids.customer_id, other_ids.is_same_person

)

select * from final
