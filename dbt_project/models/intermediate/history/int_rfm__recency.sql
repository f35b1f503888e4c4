with

spells as (

    select * from {{ ref('int_rfm__spells') }}

),

snapshots as (

    select * from {{ ref('int_rfm__snapshots') }}

),

last_days as (

    select
        snapshots.snapshot_number,
        spells.ordered_date,
        sum(spells.customers) as customers

    from spells
    inner join snapshots
        on
            spells.snapshot_number >= snapshots.snapshot_number
            and coalesce(
                spells.next_snapshot_number < snapshots.snapshot_number, true
            )
    group by snapshots.snapshot_number, spells.ordered_date

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
final as (

    select
        -- ids
        snapshot_number,
        ordered_date,

        -- numerics
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

)

select * from final
