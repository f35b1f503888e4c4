with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

first_categories as (

    select * from {{ ref('int_lapse__first_categories') }}

),

-- Something was paid: a replacement sent for nothing says nothing of a rhythm. Two orders
-- of one day are one purchase.
purchase_days as (

    select distinct
        customer_id,
        ordered_date

    from orders
    where net_revenue_cents > 0

),

day_pairs as (

    select
        customer_id,
        ordered_date as gap_from_date,
        lead(ordered_date) over (
            partition by customer_id
            order by ordered_date
        ) as gap_to_date,
        row_number() over (
            partition by customer_id
            order by ordered_date
        ) as gap_number

    from purchase_days

),

final as (

    select
        -- ids
        day_pairs.customer_id,
        cast(day_pairs.gap_number as bigint) as gap_number,

        -- facts
        first_categories.first_category,
        day_pairs.gap_to_date is not null as is_completed,

        -- numerics
        cast(
            {{ dbt.datediff(
                'day_pairs.gap_from_date',
                'coalesce(day_pairs.gap_to_date, ' ~ as_of_date() ~ ')',
                'day'
            ) }} as bigint
        ) as gap_days,

        -- timestamps
        day_pairs.gap_from_date

    from day_pairs
    left join first_categories
        on day_pairs.customer_id = first_categories.customer_id

)

select * from final
