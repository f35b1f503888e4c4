{{ config(materialized='view') }}

with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

preferences as (

    select * from {{ ref('int_contact__preferences') }}

),

recent as (

    select * from {{ ref('int_contact__recent') }}

),

place_caps as (

    select * from {{ ref('int_contact__place_caps') }}

),

final as (

    select
        -- ids
        contact_points.customer_id,
        contact_points.channel,

        -- rules
        coalesce(recent.sent_24h, 0) < {{ var('cap_per_24h') }} as ok_cap_24h,
        coalesce(recent.sent_7d, 0) < {{ var('cap_per_7d') }} as ok_cap_7d,
        not coalesce(preferences.wants_fewer, false)
        or coalesce(recent.every_7d, 0) < {{ var('fewer_per_7d') }}
            as ok_cap_fewer,
        coalesce(recent.every_24h, 0) < place_caps.max_per_24h
        or place_caps.customer_id is null as ok_cap_state

    from contact_points
    left join preferences
        on
            contact_points.customer_id = preferences.customer_id
            and contact_points.channel = preferences.channel
    left join recent
        on
            contact_points.customer_id = recent.customer_id
            and contact_points.channel = recent.channel
    left join place_caps
        on contact_points.customer_id = place_caps.customer_id

)

select * from final
