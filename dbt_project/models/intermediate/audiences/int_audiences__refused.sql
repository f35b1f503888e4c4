{{ config(materialized='view') }}

with

consents as (

    select * from {{ ref('int_customers__consents') }}
    where
        channel = 'ads'
        and is_revoked

),

merged_refusals as (

    select * from {{ ref('int_contact__merged_refusals') }}
    where channel = 'ads'

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}
    where
        channel in ('email', 'sms')
        and address is not null

),

refusals as (

    select customer_id from consents
    union distinct
    select customer_id from merged_refusals

),

-- A list holds addresses: one owner's refusal speaks for all.
shared as (

    select others.customer_id

    from refusals
    inner join contact_points
        on refusals.customer_id = contact_points.customer_id
    inner join contact_points as others
        on
            contact_points.channel_group = others.channel_group
            and contact_points.address = others.address

),

final as (

    select customer_id from refusals
    union distinct
    select customer_id from shared

)

select * from final
