/*
    Rule:     crossed their own lapse threshold within the last 15 days: as many
              days as `lapsed_30_45` is open, from the day that the lapse preset
              gives to each. Under `fixed` by purchase the two are one; under
              `personal` this one goes by the customer's rhythm, and opens the
              playbooks in the place of `lapsed_30_45`.
    Grain:    one row per customer.
    Priority: none; no shipped playbook takes it
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

final as (

    select customer_id from customers
    where
        days_since_activity - lapse_threshold_days
        between 0 and {{ var('entry_to_days') }} - {{ var('entry_from_days') }}

)

select * from final
