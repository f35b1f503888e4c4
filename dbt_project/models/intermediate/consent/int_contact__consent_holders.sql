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

consent_rules as (

    select * from {{ ref('consent_rules') }}

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
granted as (

    select
        consents.customer_id,
        consents.channel,
        consents.basis,
        customers.country,
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

),

-- The country's own row, else the row for everywhere.
judged as (

    select
        granted.customer_id,
        granted.channel,
        granted.basis,
        granted.days_inactive,
        granted.days_unused,
        coalesce(local_rules.is_accepted, general_rules.is_accepted)
            as is_accepted,
        case
            when local_rules.basis is not null
                then local_rules.max_days_since_order
            else general_rules.max_days_since_order
        end as max_days_since_order,
        case
            when local_rules.basis is not null
                then local_rules.max_days_unused
            else general_rules.max_days_unused
        end as max_days_unused

    from granted
    left join consent_rules as local_rules
        on
            granted.channel = local_rules.channel
            and granted.country = local_rules.country
            and granted.basis = local_rules.basis
    left join consent_rules as general_rules
        on
            granted.channel = general_rules.channel
            and granted.basis = general_rules.basis
            and general_rules.country = '*'

),

-- Where a consent ages with the last order, a customer without a valid one has none.
standing as (

    select
        *,
        least(
            max_days_since_order - days_inactive,
            max_days_unused - days_unused
        ) as days_left

    from judged
    where
        is_accepted
        and (
            max_days_since_order is null
            or days_inactive <= max_days_since_order
        )
        and (
            max_days_unused is null
            or days_unused <= max_days_unused
        )

),

-- The basis that lasts longest decides.
best as (

    select
        customer_id,
        channel,
        {{ sorted_list('basis') }} as bases,
        case
            when count(days_left) = count(*) then max(days_left)
        end as days_left

    from standing
    group by customer_id, channel

),

final as (

    select
        -- ids
        customer_id,
        channel,

        -- facts
        bases,

        -- timestamps
        case
            when days_left is not null
                then {{ end_of_day(
                    dbt.dateadd('day', 'days_left', as_of_date()), shop_zone()
                ) }}
        end as consent_expires_at

    from best

)

select * from final
