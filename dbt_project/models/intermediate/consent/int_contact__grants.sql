{{ config(materialized='view') }}
{%- set days_since_grant = dbt.datediff(
    local_date('consents.occurred_at', shop_zone()), as_of_date(), 'day'
) -%}
{%- set days_since_message = dbt.datediff(
    local_date('last_messages.sent_at', shop_zone()), as_of_date(), 'day'
) -%}

with

consents as (

    select * from {{ ref('int_customers__consents') }}

),

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

sent as (

    select * from {{ ref('int_contact__sent') }}

),

last_messages as (

    select
        customer_id,
        channel,
        max(sent_at) as sent_at

    from sent
    -- A series is sent by a consent of its own, and uses no other.
    where cap_scope is null
    group by customer_id, channel

),

-- A consent is used by buying and by writing; a new grant begins anew.
final as (

    select
        -- ids
        consents.customer_id,
        consents.channel,
        consents.basis,

        -- place
        customers.country,

        -- numerics
        customers.days_inactive,
        least(
            {{ days_since_grant }},
            coalesce(customers.days_inactive, {{ days_since_grant }}),
            coalesce({{ days_since_message }}, {{ days_since_grant }})
        ) as days_unused

    from consents
    inner join customers
        on consents.customer_id = customers.customer_id
    left join last_messages
        on
            consents.customer_id = last_messages.customer_id
            and consents.channel = last_messages.channel
    where
        not consents.is_revoked
        and (
            consents.is_proven
            or not {{ var('require_consent_proof') | string | lower }}
        )

)

select * from final
