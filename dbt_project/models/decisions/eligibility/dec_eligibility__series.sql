{%- set rules = contact_rule_ids() -%}
{#- What a series has of its own; every other rule is the channel's. -#}
{%- set own_rules = ['consent', 'cap_24h', 'cap_7d', 'conversation'] -%}
{%- set day_ago = dbt.dateadd('hour', -24, as_of()) -%}
{%- set week_ago = dbt.dateadd('hour', -168, as_of()) -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
joins as (

    select * from {{ ref('int_series__joins') }}
    where granted_at is not null

),

rules as (

    select * from {{ ref('dec_eligibility__rules') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

sent as (

    select * from {{ ref('int_contact__sent') }}
    where cap_scope is not null

),

waiting as (

    select * from {{ ref('int_contact__conversations') }}
    where is_waiting

),

-- Who texts a keyword agrees to texts, as who agrees to the consent channel sms.
text_channels as (

    select channel from {{ ref('consent_channels') }}
    where
        consent_channel = 'sms'
        and is_granted

),

recent as (

    select
        cap_scope,
        customer_id,
        address,
        case when sent_at > {{ day_ago }} then 1 else 0 end as is_in_24h

    from sent
    where sent_at > {{ week_ago }}

),

by_customer as (

    select
        cap_scope,
        customer_id,
        sum(is_in_24h) as sent_24h,
        count(*) as sent_7d

    from recent
    group by cap_scope, customer_id

),

by_address as (

    select
        cap_scope,
        address,
        sum(is_in_24h) as sent_24h,
        count(*) as sent_7d

    from recent
    where address is not null
    group by cap_scope, address

),

-- A question that waits for a human holds a series too; a click or an answer to it does
-- not, for who reads it does both.
own as (

    select
        joins.join_id,
        joins.series_id,
        contact_points.customer_id,
        contact_points.channel,
        joins.is_standing
        and text_channels.channel is not null as ok_consent,
        greatest(
            coalesce(by_customer.sent_24h, 0), coalesce(by_address.sent_24h, 0)
        ) < joins.cap_per_24h as ok_cap_24h,
        greatest(
            coalesce(by_customer.sent_7d, 0), coalesce(by_address.sent_7d, 0)
        ) < joins.cap_per_7d as ok_cap_7d,
        waiting.customer_id is null as ok_conversation

    from joins
    inner join contact_points
        on joins.customer_id = contact_points.customer_id
    left join text_channels
        on contact_points.channel = text_channels.channel
    left join by_customer
        on
            joins.series_id = by_customer.cap_scope
            and contact_points.customer_id = by_customer.customer_id
    left join by_address
        on
            joins.series_id = by_address.cap_scope
            and contact_points.address = by_address.address
    left join waiting
        on joins.customer_id = waiting.customer_id

),

-- Fail closed: a rule that could not be judged has failed.
judged as (

    select
        own.join_id,
        own.series_id,
        own.customer_id,
        own.channel
        {%- for rule in rules %},
        coalesce(
            {{ 'own' if rule in own_rules else 'rules' }}.ok_{{ rule }}, false
        ) as ok_{{ rule }}
        {%- endfor %}

    from own
    left join rules
        on
            own.customer_id = rules.customer_id
            and own.channel = rules.channel

),

explained as (

    select
        *,
        {{ failed_rules(rules) }} as blocked_by,
        {{ failed_rules(contact_rule_ids('standing')) }} as barred_by,
        {{ failed_rules(contact_rule_ids('pause')) }} as paused_by,
        {{ failed_rules(contact_rule_ids('cap')) }} as capped_by

    from judged

),

final as (

    select
        -- ids
        cast(join_id as varchar) as join_id,
        cast(series_id as varchar) as series_id,
        cast(customer_id as varchar) as customer_id,
        cast(channel as varchar) as channel,

        -- verdicts
        blocked_by = '' as is_eligible,
        barred_by = '' as is_reachable,
        blocked_by,
        barred_by,
        paused_by,
        capped_by
        {%- for rule in rules %},
        ok_{{ rule }}
        {%- endfor %}

    from explained

)

select * from final
