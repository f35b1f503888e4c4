with

step_rules as (

    select * from {{ ref('dec_steps__rules') }}

),

timed as (

    select * from {{ ref('dec_steps__times') }}

),

final as (

    select
        -- ids
        step_rules.enrollment_id,
        step_rules.playbook_id,
        step_rules.step,
        step_rules.customer_id,

        -- facts
        step_rules.channel,
        step_rules.channel_group,
        step_rules.variant,
        step_rules.offer_id,
        step_rules.series_id,
        step_rules.series_cap_per_24h,
        step_rules.message_state,
        step_rules.has_message,
        timed.is_passed,
        timed.is_reached,
        timed.is_settled,
        timed.is_reached
        and timed.due_at <= {{ as_of() }} as is_due,

        -- rules
        step_rules.barred_by,
        step_rules.paused_by,
        step_rules.capped_by,
        step_rules.ok_shared_address,
        step_rules.has_window,

        -- timestamps
        timed.anchor_at,
        timed.due_at,
        timed.expires_at,
        case when step_rules.offer_id is not null then step_rules.offer_expires_at end
            as offer_expires_at,
        step_rules.left_at

    from step_rules
    inner join timed
        on
            step_rules.enrollment_id = timed.enrollment_id
            and step_rules.step_order = timed.step_order

)

select * from final
