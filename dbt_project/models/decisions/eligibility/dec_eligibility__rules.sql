with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

consent_holders as (

    select * from {{ ref('int_contact__consent_holders') }}

),

opt_outs as (

    select * from {{ ref('int_contact__opt_outs') }}

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

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

unreached as (

    select * from {{ ref('int_contact__unreached') }}

),

located as (

    select distinct customer_id from {{ ref('int_customers__zones') }}

),

-- Within the horizon (var window_horizon_days): what lies beyond counts as never.
with_hours as (

    select
        customer_id,
        channel_group

    from {{ ref('int_windows__customer_windows') }}
    where window_opens_at is not null

),

final as (

    select
        -- ids
        contact_points.customer_id,
        contact_points.channel,

        -- rules
        {{ is_switched_on('contact_points.channel') }} as ok_channel,
        contact_points.address is not null as ok_address,
        unreached.customer_id is null as ok_number,
        consent_holders.customer_id is not null as ok_consent,
        opt_outs.address is null
        and not coalesce(preferences.is_stopped, false) as ok_suppression,
        not coalesce(preferences.is_paused, false) as ok_paused,
        coalesce(recent.sent_24h, 0) < {{ var('cap_per_24h') }} as ok_cap_24h,
        coalesce(recent.sent_7d, 0) < {{ var('cap_per_7d') }} as ok_cap_7d,
        not coalesce(preferences.wants_fewer, false)
        or coalesce(recent.every_7d, 0) < {{ var('fewer_per_7d') }}
            as ok_cap_fewer,
        -- The law's hours hold for phones; email may go by the shop's clock.
        contact_points.channel_group = 'email'
        or located.customer_id is not null as ok_zone,
        -- The hours of nowhere are the rule `zone`'s to tell.
        (
            contact_points.channel_group != 'email'
            and located.customer_id is null
        )
        or with_hours.customer_id is not null as ok_hours,
        soft_bounces.address is null as ok_soft_bounces,
        stopped_channels.channel is null as ok_complaints,
        in_transit.customer_id is null as ok_in_transit,
        conversations.customer_id is null as ok_conversation,
        coalesce(recent.every_24h, 0) < place_caps.max_per_24h
        or place_caps.customer_id is null as ok_cap_state,
        unread_rows.customer_id is null as ok_unread_rows,
        emptied.customer_id is null as ok_merged,

        -- timestamps
        consent_holders.consent_expires_at

    from contact_points
    left join unreached
        on
            contact_points.customer_id = unreached.customer_id
            and contact_points.channel = unreached.channel
    left join consent_holders
        on
            contact_points.customer_id = consent_holders.customer_id
            and contact_points.channel = consent_holders.channel
    left join opt_outs
        on
            contact_points.channel_group = opt_outs.channel_group
            and contact_points.address = opt_outs.address
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
    left join emptied
        on contact_points.customer_id = emptied.customer_id
    left join located
        on contact_points.customer_id = located.customer_id
    left join with_hours
        on
            contact_points.customer_id = with_hours.customer_id
            and contact_points.channel_group = with_hours.channel_group

)

select * from final
