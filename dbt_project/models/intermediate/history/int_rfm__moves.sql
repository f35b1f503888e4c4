with

spells as (

    select * from {{ ref('int_rfm__spells') }}

),

snapshots as (

    select * from {{ ref('int_rfm__snapshots') }}

),

recency as (

    select * from {{ ref('int_rfm__recency') }}

),

rfm_map as (

    select * from {{ ref('rfm_map') }}

),

-- On the first snapshot of a spell a customer comes from the order before; then stays.
states as (

    select
        snapshots.snapshot_number,
        snapshots.snapshot_date,
        spells.ordered_date,
        spells.f_score,
        spells.customers,
        case
            when spells.snapshot_number = snapshots.snapshot_number
                then spells.former_date
            else spells.ordered_date
        end as former_date,
        case
            when spells.snapshot_number = snapshots.snapshot_number
                then spells.former_f_score
            else spells.f_score
        end as former_f_score

    from spells
    inner join snapshots
        on
            spells.snapshot_number >= snapshots.snapshot_number
            and coalesce(
                spells.next_snapshot_number < snapshots.snapshot_number, true
            )

),

final as (

    select
        -- ids
        states.snapshot_number,
        states.snapshot_date,
        former_map.rfm_segment as former_segment,
        rfm_map.rfm_segment,

        -- numerics
        cast(sum(states.customers) as bigint) as customers

    from states
    inner join recency
        on
            states.snapshot_number = recency.snapshot_number
            and states.ordered_date = recency.ordered_date
    inner join rfm_map
        on
            recency.r_score = rfm_map.r_score
            and states.f_score = rfm_map.f_score
    left join recency as former_recency
        on
            states.snapshot_number + 1 = former_recency.snapshot_number
            and states.former_date = former_recency.ordered_date
    left join rfm_map as former_map
        on
            former_recency.r_score = former_map.r_score
            and states.former_f_score = former_map.f_score
    group by
        states.snapshot_number,
        states.snapshot_date,
        former_map.rfm_segment,
        rfm_map.rfm_segment

)

select * from final
