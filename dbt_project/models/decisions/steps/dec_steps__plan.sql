{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

step_variants as (

    select * from {{ ref('step_variants') }}

),

choices as (

    select * from {{ ref('dec_bandit__choices') }}

),

chosen_offers as (

    select * from {{ ref('dec_offers__chosen') }}

),

channels as (

    select * from {{ ref('int_channels__groups') }}

),

final as (

    select
        -- ids
        enrollments.enrollment_id,
        enrollments.playbook_id,
        steps.step,
        enrollments.customer_id,
        enrollments.episode_order_id,

        -- the enrollment
        enrollments.arm,
        -- Where the step learns, what it dealt; it sends nothing where that is why.
        coalesce(choices.arm, enrollments.variant) as variant,
        choices.withheld_by,
        enrollments.exit_reason,
        enrollments.entered_at,
        -- The sequence's one offer: what a step that learns dealt, else that of the entry.
        coalesce(chosen_offers.offer_id, enrollments.offer_id) as offer_id,
        case
            when chosen_offers.offer_id is null
                then enrollments.offer_expires_at
            else chosen_offers.offer_expires_at
        end as offer_expires_at,

        -- the step
        steps.step_order,
        steps.anchor_order,
        coalesce(step_variants.min_days, steps.min_days) as min_days,
        coalesce(step_variants.max_days, steps.max_days) as max_days,
        coalesce(step_variants.channel, steps.channel) as channel,
        coalesce(channels.channel_group, steps.channel_group) as channel_group,
        -- An arm may make the offer where its step does not, and leave it out where it does.
        case
            when choices.offer_id = 'none' then false
            when choices.offer_id is not null then true
            else steps.includes_offer
        end as includes_offer,
        steps.series_id,
        steps.cap_per_24h

    from enrollments
    inner join steps
        on enrollments.playbook_id = steps.playbook_id
    left join choices
        on
            enrollments.enrollment_id = choices.enrollment_id
            and steps.step = choices.step
    left join step_variants
        on
            enrollments.playbook_id = step_variants.playbook_id
            and steps.step = step_variants.step
            and coalesce(choices.arm, enrollments.variant)
            = step_variants.variant
    left join chosen_offers
        on enrollments.enrollment_id = chosen_offers.enrollment_id
    left join channels
        on step_variants.channel = channels.channel

)

select * from final
