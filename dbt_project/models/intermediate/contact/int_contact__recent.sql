{%- set day_ago = dbt.dateadd('hour', -24, as_of()) -%}
{%- set week_ago = dbt.dateadd('hour', -168, as_of()) -%}

with

sent as (

    select * from {{ ref('int_contact__sent') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

-- A message exactly 24 hours (or 7 days) old has left its window.
recent as (

    select
        coalesce(emptied.into_customer_id, sent.customer_id) as person_id,
        sent.address,
        case when sent.sent_at > {{ day_ago }} then 1 else 0 end as is_in_24h,
        -- A content series has caps of its own.
        case when sent.cap_scope is null then 1 else 0 end as is_general

    from sent
    left join emptied
        on sent.customer_id = emptied.customer_id
    where sent.sent_at > {{ week_ago }}

),

by_person as (

    select
        person_id,
        sum(is_in_24h * is_general) as sent_24h,
        sum(is_general) as sent_7d,
        sum(is_in_24h) as every_24h,
        count(*) as every_7d

    from recent
    group by person_id

),

by_address as (

    select
        address,
        sum(is_in_24h * is_general) as sent_24h,
        sum(is_general) as sent_7d,
        sum(is_in_24h) as every_24h,
        count(*) as every_7d

    from recent
    where address is not null
    group by address

),

-- The fuller of the two counts: what the person got over all channels, also
-- under an id that was merged into this one, and what
-- the address got over all its owners.
final as (

    select
        -- ids
        contact_points.customer_id,
        contact_points.channel,

        -- numerics
        cast(
            greatest(
                coalesce(by_person.sent_24h, 0),
                coalesce(by_address.sent_24h, 0)
            ) as bigint
        ) as sent_24h,
        cast(
            greatest(
                coalesce(by_person.sent_7d, 0),
                coalesce(by_address.sent_7d, 0)
            ) as bigint
        ) as sent_7d,
        cast(
            greatest(
                coalesce(by_person.every_24h, 0),
                coalesce(by_address.every_24h, 0)
            ) as bigint
        ) as every_24h,
        cast(
            greatest(
                coalesce(by_person.every_7d, 0),
                coalesce(by_address.every_7d, 0)
            ) as bigint
        ) as every_7d

    from contact_points
    left join by_person
        on contact_points.customer_id = by_person.person_id
    left join by_address
        on contact_points.address = by_address.address
    where
        by_person.person_id is not null
        or by_address.address is not null

)

select * from final
