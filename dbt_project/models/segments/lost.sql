/*
    Rule:     has stayed away for so long that they are lost: over a year, or as their
              own rhythm says (lapse_preset). Who buys in one season waits until that
              has gone by. No offer goes to the lost, but one goodbye.
    Grain:    one row per customer.
    Priority: sunset_email 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

seasons as (

    select * from {{ ref('int_customers__seasons') }}
    where season_order_share >= {{ var('seasonal_from_share') }}

),

final as (

    select customers.customer_id

    from customers
    left join seasons
        on customers.customer_id = seasons.customer_id
    where
        customers.lapse_stage = 'lost'
        and not coalesce(seasons.is_in_season, false)
        and coalesce(
            {{ dbt.datediff(as_of_date(), 'seasons.next_season_start', 'day') }}
            > {{ var('season_lead_days') }},
            true
        )

)

select * from final
