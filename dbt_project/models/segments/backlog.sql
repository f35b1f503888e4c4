/*
    Rule:     lapsed, and already beyond the entry window (silent for over 45 days, or
              by lapse_preset personal for over 15 more than their own threshold) on the
              day the first playbook started. Nobody joins later: who lapses after the
              launch comes through `lapsed_30_45`, or `newly_lapsed`.
    Grain:    one row per customer.
    Priority: card_text 3, picture_text 3, postcard 3, sms_email 3, sms_four_step 3,
              voice_call 3, whatsapp_note 3
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

launches as (

    select * from {{ ref('int_playbooks__launch') }}

),

launch as (

    select min(launch_date) as launch_date from launches

),

final as (

    select customers.customer_id
    from customers
    cross join launch
    where
        customers.is_lapsed
        and {{ dbt.datediff(
            'customers.last_activity_date', 'launch.launch_date', 'day'
        ) }} > {{ entry_to_days('customers') }}

)

select * from final
