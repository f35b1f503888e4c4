with

limits as (

    select
        offer_id,
        room
    from {{ ref('int_offers__room') }}
    union all
    select
        offer_id,
        free_count as room
    from {{ ref('int_offers__pools') }}
    union all
    select
        offer_id,
        0 as room
    from {{ ref('int_offers__leaks') }}
    where is_leaked

),

claims as (

    select
        offer_id,
        count(*) as claim_count

    from {{ ref('int_offers__claims') }}
    group by offer_id

),

narrowest as (

    select
        offer_id,
        min(room) as room

    from limits
    group by offer_id

),

final as (

    select
        narrowest.offer_id,
        greatest(narrowest.room - coalesce(claims.claim_count, 0), 0) as room

    from narrowest
    left join claims
        on narrowest.offer_id = claims.offer_id

)

select * from final
