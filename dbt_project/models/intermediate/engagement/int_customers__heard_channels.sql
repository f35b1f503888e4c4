{{ config(materialized='view') }}
{%- set is_on = engagement_channels() -%}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

web_events as (

    select * from {{ ref('stg_shop__web_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

-- Whether the shop's site tells anything at all.
web_source as (

    select count(*) > 0 as is_there
    from web_events
    where occurred_at <= {{ as_of() }}

),

-- Who was written to could have answered; of another tool's messages no answer
-- is told.
written_to as (

    select
        customer_id,
        max(case when {{ is_on['email'] }} then 1 else 0 end) = 1 as by_email,
        max(case when {{ is_on['sms'] }} then 1 else 0 end) = 1 as by_sms

    from messages
    where
        origin = 'ledger'
        and state = 'accepted'
        and {{ local_date('accepted_at', shop_zone()) }}
        >= {{ engagement_start() }}
    group by customer_id

),

final as (

    select
        -- ids
        customers.customer_id,

        -- facts
        web_source.is_there as hears_web,
        coalesce(written_to.by_email, false) as hears_email,
        coalesce(written_to.by_sms, false) as hears_sms

    from customers
    cross join web_source
    left join written_to
        on customers.customer_id = written_to.customer_id

)

select * from final
