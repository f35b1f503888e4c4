with

moves as (

    select * from {{ ref('int_rfm__moves') }}

),

final as (

    select
        -- ids
        cast(snapshot_date as date) as snapshot_date,
        cast(former_segment as varchar) as former_segment,
        cast(rfm_segment as varchar) as rfm_segment,

        -- numerics
        cast(customers as bigint) as customers

    from moves
    -- Nothing is known of where they were before the first snapshot.
    where snapshot_number < {{ var('rfm_history_months') }}

)

select * from final
