with

steps as (

    select * from {{ ref('playbook_steps') }}

),

step_days as (

    select * from {{ ref('int_playbooks__step_days') }}

),

channels as (

    select * from {{ ref('int_channels__groups') }}

),

offers as (

    select * from {{ ref('offers') }}

),

series as (

    select * from {{ ref('content_series') }}

),

final as (

    select
        -- ids
        steps.playbook_id,
        steps.step,
        step_days.step_order,
        step_days.is_last,
        steps.anchor_step,
        step_days.anchor_order,

        -- timing
        steps.min_days,
        steps.max_days,
        step_days.latest_day,

        -- message
        steps.channel,
        channels.channel_group,
        steps.template,
        steps.includes_offer,
        steps.extra_offer_id,
        extra_offers.kind as extra_offer_kind,
        extra_offers.value as extra_offer_value,
        extra_offers.detail as extra_offer_detail,
        extra_offers.code_source as extra_offer_code_source,
        extra_offers.code as extra_offer_code,
        extra_offers.validity_days as extra_offer_validity_days,
        steps.journey_stage,
        steps.content_tag,

        -- the caps of its series; null: the general ones
        series.series_id,
        series.language as series_language,
        series.cap_per_24h,
        series.cap_per_7d

    from steps
    inner join step_days
        on
            steps.playbook_id = step_days.playbook_id
            and steps.step = step_days.step
    left join channels
        on steps.channel = channels.channel
    left join series
        on steps.playbook_id = series.playbook_id
    left join offers as extra_offers
        on steps.extra_offer_id = extra_offers.offer_id

)

select * from final
