with

members as (

    select * from {{ ref('int_rfm__members') }}

),

-- Nobody leaves: who had ordered by one day has by the next.
followed as (

    select
        snapshot_number,
        snapshot_date,
        rfm_segment,
        lag(rfm_segment) over (
            partition by customer_id
            order by snapshot_date
        ) as former_segment

    from members

),

final as (

    select
        -- ids
        snapshot_number,
        snapshot_date,
        former_segment,
        rfm_segment,

        -- numerics
        cast(count(*) as bigint) as customers

    from followed
    group by snapshot_number, snapshot_date, former_segment, rfm_segment

)

select * from final
