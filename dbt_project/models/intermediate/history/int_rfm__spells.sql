with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

snapshots as (

    select * from {{ ref('int_rfm__snapshots') }}

),

order_days as (

    select distinct ordered_date from orders

),

-- The first snapshot that knows of an order.
days as (

    select
        order_days.ordered_date,
        max(snapshots.snapshot_number) as snapshot_number

    from order_days
    inner join snapshots
        on order_days.ordered_date <= snapshots.snapshot_date
    group by order_days.ordered_date

),

-- Of several orders between two snapshots only the last is seen.
last_orders as (

    select
        orders.customer_id,
        days.snapshot_number,
        max(orders.ordered_date) as ordered_date,
        max(orders.order_number) as order_number

    from orders
    inner join days
        on orders.ordered_date = days.ordered_date
    group by orders.customer_id, days.snapshot_number

),

scored as (

    select
        customer_id,
        snapshot_number,
        ordered_date,
        cast(
            {{ band('order_number', var('rfm_frequency_bands')) }} as bigint
        ) as f_score

    from last_orders

),

followed as (

    select
        snapshot_number,
        ordered_date,
        f_score,
        lag(ordered_date) over (
            partition by customer_id
            order by snapshot_number desc
        ) as former_date,
        lag(f_score) over (
            partition by customer_id
            order by snapshot_number desc
        ) as former_f_score,
        lead(snapshot_number) over (
            partition by customer_id
            order by snapshot_number desc
        ) as next_snapshot_number

    from scored

),

-- A shop has few days, however many customers: all that follows is small.
final as (

    select
        -- ids
        snapshot_number,
        next_snapshot_number,

        -- facts
        ordered_date,
        f_score,
        former_date,
        former_f_score,

        -- numerics
        cast(count(*) as bigint) as customers

    from followed
    group by
        snapshot_number,
        next_snapshot_number,
        ordered_date,
        f_score,
        former_date,
        former_f_score

)

select * from final
