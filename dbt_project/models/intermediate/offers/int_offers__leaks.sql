with

offers as (

    select * from {{ ref('offers') }}
    where stop_after_strangers is not null

),

strangers as (

    select * from {{ ref('int_offers__redemptions') }}
    where
        is_by_stranger
        and redeemed_at
        > {{ days_after(-var('offer_leak_days'), as_of()) }}

),

final as (

    select
        offers.offer_id,
        offers.stop_after_strangers,
        count(strangers.order_id) as stranger_count,
        count(strangers.order_id)
        >= offers.stop_after_strangers as is_leaked

    from offers
    left join strangers
        on offers.offer_id = strangers.offer_id
    group by offers.offer_id, offers.stop_after_strangers

)

select * from final
