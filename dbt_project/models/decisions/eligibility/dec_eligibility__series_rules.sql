{{ config(materialized='view') }}
{%- set day_ago = dbt.dateadd('hour', -24, as_of()) -%}
{%- set week_ago = dbt.dateadd('hour', -168, as_of()) %}

with

joins as (

    select * from {{ ref('int_series__joins') }}
    where granted_at is not null

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

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

    from {{ ref('int_contact__sent') }}
    where
        cap_scope is not null
        and sent_at > {{ week_ago }}

),

{% for whom in ['customer_id', 'address'] -%}
by_{{ whom }} as (

    select
        cap_scope,
        {{ whom }},
        sum(is_in_24h) as sent_24h,
        count(*) as sent_7d

    from recent
    where {{ whom }} is not null
    group by cap_scope, {{ whom }}

),

{% endfor -%}
-- A question that waits for a human holds a series too; a click or an answer to it does
-- not, for who reads it does both.
final as (

    select
        -- ids
        joins.join_id,
        joins.series_id,
        contact_points.customer_id,
        contact_points.channel,

        -- rules
        joins.is_standing
        and text_channels.channel is not null as ok_consent,
        {% for span in ['24h', '7d'] -%}
        greatest(
            coalesce(by_customer_id.sent_{{ span }}, 0),
            coalesce(by_address.sent_{{ span }}, 0)
        ) < joins.cap_per_{{ span }} as ok_cap_{{ span }},
        {% endfor -%}
        waiting.customer_id is null as ok_conversation

    from joins
    inner join contact_points
        on joins.customer_id = contact_points.customer_id
    left join text_channels
        on contact_points.channel = text_channels.channel
    left join by_customer_id
        on
            joins.series_id = by_customer_id.cap_scope
            and contact_points.customer_id = by_customer_id.customer_id
    left join by_address
        on
            joins.series_id = by_address.cap_scope
            and contact_points.address = by_address.address
    left join waiting
        on joins.customer_id = waiting.customer_id

)

select * from final
