with

open_offers as (

    select * from {{ ref('int_offers__open') }}

),

leaks as (

    select * from {{ ref('int_offers__leaks') }}

),

limited as (

    select offer_id from open_offers
    union distinct
    select offer_id from leaks

),

final as (

    select
        -- ids
        cast(limited.offer_id as varchar) as offer_id,

        -- facts
        coalesce(leaks.is_leaked, false) as is_leaked,

        -- numerics
        cast(open_offers.room as bigint) as room,
        cast(leaks.stranger_count as bigint) as stranger_count,
        cast(leaks.stop_after_strangers as bigint) as stop_after_strangers

    from limited
    left join open_offers
        on limited.offer_id = open_offers.offer_id
    left join leaks
        on limited.offer_id = leaks.offer_id

)

select * from final
