/*
    Rule:     a customer of the tier vip who has been silent for 60 days or more: who
              has not ordered, or what else the shop counts (lapse_basis).
    Grain:    one row per customer.
    Priority: card_text 1, picture_text 1, postcard 1, sms_email 1, sms_four_step 1,
              voice_call 1, whatsapp_note 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

final as (

    select customer_id from customers
    where
        value_tier = 'vip'
        and days_since_activity >= {{ var('vip_from_days') }}

)

select * from final
