{{ config(materialized='view') }}

with

prices as (

    select * from {{ ref('stg_ledger__prices') }}
    where told_at <= {{ as_of() }}

),

in_shop_currency as (

    select
        message_id,
        cast(
            cost_cents * {{ exchange_rate('currency') }} as decimal(12, 4)
        ) as actual_cost_cents

    from prices

),

-- A charge in a currency without a rate is not known in the shop's.
final as (

    select
        -- ids
        message_id,

        -- money
        actual_cost_cents

    from in_shop_currency
    where actual_cost_cents is not null

)

select * from final
