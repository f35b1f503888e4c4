with

redemptions as (

    select * from {{ ref('int_offers__redemptions') }}

),

final as (

    select
        -- ids
        cast(order_id as varchar) as order_id,
        cast(offer_id as varchar) as offer_id,
        cast(enrollment_id as varchar) as enrollment_id,
        cast(customer_id as varchar) as customer_id,
        cast(given_to_customer_id as varchar) as given_to_customer_id,

        -- facts
        cast(code_kind as varchar) as code_kind,
        is_by_stranger,
        is_late,

        -- money
        cast(net_revenue_cents as bigint) as net_revenue_cents,
        cast(discount_cents as bigint) as discount_cents,

        -- timestamps
        redeemed_at

    from redemptions

)

select * from final
