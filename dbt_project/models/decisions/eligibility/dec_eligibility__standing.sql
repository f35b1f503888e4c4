{{ config(materialized='view') }}

with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

unreached as (

    select * from {{ ref('int_contact__unreached') }}

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

emptied as (

    select * from {{ ref('int_customers__merges') }}

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
        -- The law's hours hold for phones; others may go by the shop's clock.
        contact_points.channel_group != 'phone'
        or located.customer_id is not null as ok_zone,
        -- The hours of nowhere are the rule `zone`'s to tell.
        (
            contact_points.channel_group = 'phone'
            and located.customer_id is null
        )
        or with_hours.customer_id is not null as ok_hours,
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
