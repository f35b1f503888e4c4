with

plan as (

    select * from {{ ref('dec_steps__plan') }}

),

verdicts as (

    select * from {{ ref('dec_steps__verdicts') }}

),

step_messages as (

    select * from {{ ref('dec_steps__messages') }}

),

shared_addresses as (

    select * from {{ ref('dec_steps__shared_addresses') }}

),

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

-- What would keep the step from going out whenever it were due.
facts as (

    select
        plan.*,
        coalesce(customer_windows.range_zone, {{ shop_zone() }}) as range_zone,
        step_messages.message_state,
        step_messages.left_at,
        coalesce(step_messages.has_message, false) as has_message,
        verdicts.barred_by,
        verdicts.paused_by,
        verdicts.capped_by,
        customer_windows.window_opens_at is not null as has_window,
        shared_addresses.enrollment_id is null as ok_shared_address

    from plan
    inner join verdicts
        on
            plan.enrollment_id = verdicts.enrollment_id
            and plan.step = verdicts.step
    left join step_messages
        on
            plan.enrollment_id = step_messages.enrollment_id
            and plan.step = step_messages.step
    left join customer_windows
        on
            plan.customer_id = customer_windows.customer_id
            and plan.channel_group = customer_windows.channel_group
    left join shared_addresses
        on
            plan.enrollment_id = shared_addresses.enrollment_id
            and plan.step = shared_addresses.step

),

final as (

    select
        -- ids
        enrollment_id,
        playbook_id,
        step,
        customer_id,

        -- the plan
        cast(step_order as bigint) as step_order,
        cast(anchor_order as bigint) as anchor_order,
        cast(min_days as bigint) as min_days,
        cast(max_days as bigint) as max_days,
        channel,
        channel_group,
        variant,
        includes_offer,
        case when includes_offer then offer_id end as offer_id,
        range_zone,
        cast(series_id as varchar) as series_id,
        cast(cap_per_24h as bigint) as series_cap_per_24h,

        -- its message
        cast(message_state as varchar) as message_state,
        has_message,

        -- rules
        barred_by,
        paused_by,
        capped_by,
        ok_shared_address,
        has_window,
        exit_reason is not null
        or arm = 'holdout'
        or barred_by != ''
        or not has_window
        or not ok_shared_address as is_blocked,

        -- timestamps
        entered_at,
        offer_expires_at,
        left_at

    from facts

)

select * from final
