/*
    Rule:     buys at one time of the year, at least half of the order days in that
              season, and its next start lies 0 to 14 days ahead. Who has bought
              this season, early too, waits for the next one.
    Grain:    one row per customer.
    Priority: before_season 1
*/
with

seasons as (

    select * from {{ ref('int_customers__seasons') }}

),

final as (

    select customer_id from seasons
    where
        season_order_share >= {{ var('seasonal_from_share') }}
        and {{ dbt.datediff(as_of_date(), 'next_season_start', 'day') }}
        between 0 and {{ var('season_lead_days') }}

)

select * from final
