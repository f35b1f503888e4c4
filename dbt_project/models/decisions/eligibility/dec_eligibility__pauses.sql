{{ config(materialized='view') }}

with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

preferences as (

    select * from {{ ref('int_contact__preferences') }}

),

soft_bounces as (

    select * from {{ ref('int_contact__soft_bounces') }}

),

stopped_channels as (

    select * from {{ ref('int_contact__complaints') }}
    where is_stopped

),

in_transit as (

    select * from {{ ref('int_contact__in_transit') }}

),

conversations as (

    select * from {{ ref('int_contact__conversations') }}

),

unread_rows as (

    select distinct customer_id from {{ ref('int_contact__unread_rows') }}

),

final as (

    select
        -- ids
        contact_points.customer_id,
        contact_points.channel,

        -- rules
        not coalesce(preferences.is_paused, false) as ok_paused,
        soft_bounces.address is null as ok_soft_bounces,
        stopped_channels.channel is null as ok_complaints,
        in_transit.customer_id is null as ok_in_transit,
        conversations.customer_id is null as ok_conversation,
        unread_rows.customer_id is null as ok_unread_rows

    from contact_points
    left join preferences
        on
            contact_points.customer_id = preferences.customer_id
            and contact_points.channel = preferences.channel
    left join soft_bounces
        on
            contact_points.channel = soft_bounces.channel
            and contact_points.address = soft_bounces.address
    left join stopped_channels
        on contact_points.channel = stopped_channels.channel
    left join in_transit
        on contact_points.customer_id = in_transit.customer_id
    left join conversations
        on contact_points.customer_id = conversations.customer_id
    left join unread_rows
        on contact_points.customer_id = unread_rows.customer_id

)

select * from final
