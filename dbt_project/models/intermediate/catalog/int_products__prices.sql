{{ config(materialized='view') }}

with

price_changes as (

    select * from {{ ref('stg_shop__price_changes') }}
    where changed_at <= {{ as_of() }}

),

-- Of two prices set at one instant one has to hold: the lower.
price_starts as (

    select
        product_id,
        changed_at,
        min(price_cents) as price_cents

    from price_changes
    group by product_id, changed_at

),

final as (

    select
        -- ids
        product_id,

        -- money
        price_cents,

        -- timestamps
        changed_at as valid_from,
        lead(changed_at) over (
            partition by product_id
            order by changed_at
        ) as valid_until

    from price_starts

)

select * from final
