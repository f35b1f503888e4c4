{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

snapshots as (

    select * from {{ ref('int_rfm__snapshots') }}

),

rfm_map as (

    select * from {{ ref('rfm_map') }}

),

-- The last order up to a day holds from its own day to the one before the next order's.
spans as (

    select
        customer_id,
        order_number,
        ordered_date,
        lead(ordered_date) over (
            partition by customer_id
            order by order_number
        ) as next_date

    from orders

),

states as (

    select
        snapshots.snapshot_number,
        snapshots.snapshot_date,
        spans.customer_id,
        spans.ordered_date,
        cast(
            {{ band('spans.order_number', var('rfm_frequency_bands')) }}
            as bigint
        ) as f_score

    from spans
    inner join snapshots
        on
            spans.ordered_date <= snapshots.snapshot_date
            and coalesce(spans.next_date > snapshots.snapshot_date, true)

),

-- A shop has few days, however many customers: fifths by rank are counted from these.
last_days as (

    select
        snapshot_number,
        ordered_date,
        count(*) as customers

    from states
    group by snapshot_number, ordered_date

),

ranked as (

    select
        snapshot_number,
        ordered_date,
        sum(customers) over (
            partition by snapshot_number
            order by ordered_date
        ) - customers as customers_below,
        sum(customers) over (partition by snapshot_number) as customers_in_all

    from last_days

),

-- As fifth_by_rank has it.
scored as (

    select
        snapshot_number,
        ordered_date,
        cast(
            least(
                5,
                1 + floor(
                    5 * coalesce(
                        cast(customers_below as double)
                        / nullif(customers_in_all - 1, 0),
                        0
                    )
                )
            ) as bigint
        ) as r_score

    from ranked

),

final as (

    select
        -- ids
        states.snapshot_number,
        states.snapshot_date,
        states.customer_id,

        -- facts
        rfm_map.rfm_segment

    from states
    inner join scored
        on
            states.snapshot_number = scored.snapshot_number
            and states.ordered_date = scored.ordered_date
    inner join rfm_map
        on
            scored.r_score = rfm_map.r_score
            and states.f_score = rfm_map.f_score

)

select * from final
