{{ config(materialized='view') }}

with

redemptions as (

    select * from {{ ref('int_offers__redemptions') }}

),

offers as (

    select * from {{ ref('offers') }}

),

-- An order that doesn't say what was taken off counts for what the offer takes off.
final as (

    select
        redemptions.order_id,
        redemptions.offer_id,
        cast(
            case
                when redemptions.discount_cents > 0
                    then redemptions.discount_cents
                when offers.kind = 'amount' then offers.value
                when
                    offers.kind in ('percent', 'vip', 'price_drop')
                    and offers.value < 100
                    then
                        redemptions.net_revenue_cents
                        * offers.value / (100 - offers.value)
                else 0
            end as bigint
        ) as saved_cents,
        redemptions.redeemed_at

    from redemptions
    left join offers
        on redemptions.offer_id = offers.offer_id

)

select * from final
