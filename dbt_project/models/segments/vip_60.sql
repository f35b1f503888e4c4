/*
    Rule:     a customer of the tier vip who has not ordered for 60 days or more.
    Grain:    one row per customer.
    Priority: card_text 1, picture_text 1, sms_email 1, sms_four_step 1, voice_call 1, whatsapp_note 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

final as (

    select customer_id from customers
    where
        value_tier = 'vip'
        and days_inactive >= {{ var('vip_from_days') }}

)

select * from final
