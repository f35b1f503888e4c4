with

moves as (

    select * from {{ ref('int_rfm__moves') }}

),

final as (

    select
        -- ids
        cast(snapshot_date as date) as snapshot_date,
        cast(rfm_segment as varchar) as rfm_segment,

        -- facts
        snapshot_number > 0 as is_month_end,

        -- numerics
        cast(sum(customers) as bigint) as customers

    from moves
    group by snapshot_date, rfm_segment, snapshot_number

)

select * from final
