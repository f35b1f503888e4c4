{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

consent_holders as (

    select * from {{ ref('int_contact__consent_holders') }}
    where channel = 'ads'

),

refused as (

    select * from {{ ref('int_audiences__refused') }}

),

kept_apart as (

    select * from {{ ref('dec_audiences__kept_apart') }}

),

unread_rows as (

    select distinct customer_id from {{ ref('int_contact__unread_rows') }}

),

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

households as (

    select distinct customer_id from {{ ref('int_contact__identity_holds') }}
    where rule = 'household'

),

-- The first reason that holds. Nothing of a customer who refused, or of whom a row can't be
-- read, is handed to a platform, not even to keep ads away.
judged as (

    select
        customers.customer_id,
        case
            when refused.customer_id is not null then 'refused'
            when unread_rows.customer_id is not null then 'unread_rows'
            when emptied.customer_id is not null then 'merged'
            when kept_apart.is_holdout then 'holdout'
            when kept_apart.is_opted_out then 'opted_out'
            when households.customer_id is not null then 'household'
            when consent_holders.customer_id is null then 'consent'
        end as reason

    from customers
    left join consent_holders
        on customers.customer_id = consent_holders.customer_id
    left join refused
        on customers.customer_id = refused.customer_id
    left join kept_apart
        on customers.customer_id = kept_apart.customer_id
    left join unread_rows
        on customers.customer_id = unread_rows.customer_id
    left join emptied
        on customers.customer_id = emptied.customer_id
    left join households
        on customers.customer_id = households.customer_id

),

final as (

    select
        -- ids
        customer_id,

        -- verdicts
        case
            when reason is null then 'include'
            when reason in ('holdout', 'opted_out') then 'exclude'
            else 'none'
        end as list_kind,
        reason

    from judged

)

select * from final
