/*
    Rule:     silent for 30 to 45 days: since the last valid order, or since what
              else the shop counts (lapse_basis). These are the days in which a
              first touch is due. Whoever was beyond them at the launch is in
              `backlog`. By lapse_preset personal newly_lapsed stands in its place.
    Grain:    one row per customer.
    Priority: card_text 2, picture_text 2, postcard 2, sms_email 2, sms_four_step 2,
              voice_call 2, whatsapp_note 2
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

final as (

    select customer_id from customers
    where
        days_since_activity between
        {{ var('entry_from_days') }} and {{ var('entry_to_days') }}

)

select * from final
