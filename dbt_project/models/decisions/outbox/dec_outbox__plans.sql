with

-- What a pause defers has no time to go out at.
decisions as (

    select * from {{ ref('dec_steps__decisions') }}
    where
        decision in ('send', 'deferred')
        and send_after_at is not null

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

channels as (

    select * from {{ ref('int_channels__groups') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

eligibility as (

    select * from {{ ref('dec_eligibility__channels') }}

),

locales as (

    select * from {{ ref('int_customers__locales') }}

),

place_caps as (

    select * from {{ ref('int_contact__place_caps') }}

),

final as (

    select
        -- ids
        md5(
            concat_ws(
                '|',
                decisions.enrollment_id,
                cast(decisions.step as varchar),
                decisions.channel
            )
        ) as message_id,
        decisions.enrollment_id,
        decisions.playbook_id,
        decisions.step,
        decisions.customer_id,
        decisions.channel,
        decisions.variant,
        decisions.offer_id,
        contact_points.address,
        decisions.decision,
        -- A series speaks the language of what its members said yes to.
        coalesce(steps.series_language, locales.locale) as locale,

        -- when
        decisions.due_at,
        decisions.send_after_at as not_before,
        decisions.expires_at as window_closes_at,
        decisions.step_expires_at as expires_at,
        decisions.offer_expires_at,
        customer_windows.zones,
        customer_windows.local_opens_minute,
        customer_windows.local_closes_minute,
        -- A consent to a series has no end but being left.
        case
            when steps.series_id is null then eligibility.consent_expires_at
        end as consent_expires_at,

        -- how often
        place_caps.max_per_24h,
        steps.series_id as cap_scope,
        steps.cap_per_24h,
        steps.cap_per_7d

    from decisions
    inner join steps
        on
            decisions.playbook_id = steps.playbook_id
            and decisions.step = steps.step
    inner join channels
        on decisions.channel = channels.channel
    inner join contact_points
        on
            decisions.customer_id = contact_points.customer_id
            and decisions.channel = contact_points.channel
    inner join customer_windows
        on
            decisions.customer_id = customer_windows.customer_id
            and channels.channel_group = customer_windows.channel_group
    left join eligibility
        on
            decisions.customer_id = eligibility.customer_id
            and decisions.channel = eligibility.channel
    left join locales
        on decisions.customer_id = locales.customer_id
    left join place_caps
        on decisions.customer_id = place_caps.customer_id

)

select * from final
