/*
    Rule:     looked at one product 3 times or more within 14 days, and has not
              bought anything since. Views before the last valid order don't
              count.
    Grain:    one row per customer, whatever the number of such products.
    Priority: browse_offer 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

interests as (

    select * from {{ ref('int_customers__interests') }}

),

final as (

    select distinct customers.customer_id
    from customers
    inner join interests
        on customers.customer_id = interests.customer_id
    where interests.view_count >= {{ var('repeat_browser_views') }}

)

select * from final
