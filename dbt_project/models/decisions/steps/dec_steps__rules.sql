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

eligibility as (

    select * from {{ ref('dec_eligibility__channels') }}

),

series_eligibility as (

    select * from {{ ref('dec_eligibility__series') }}

),

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

holds as (

    select * from {{ ref('int_playbooks__win_back_holds') }}

),

step_messages as (

    select
        enrollment_id,
        step,
        max(case when is_settled then 1 else 0 end) as settled_count,
        max(case when is_settled then state end) as message_state,
        min(left_at) as left_at

    from messages
    where origin = 'ledger'
    group by enrollment_id, step

),

-- The owners of an address that got a step lately.
address_messages as (

    select
        contact_points.channel,
        contact_points.address,
        messages.playbook_id,
        messages.step,
        min(messages.customer_id) as first_customer_id,
        max(messages.customer_id) as last_customer_id

    from messages
    inner join contact_points
        on
            messages.customer_id = contact_points.customer_id
            and messages.channel = contact_points.channel
    where
        messages.has_left
        and contact_points.address is not null
        and messages.left_at > {{ days_after(
            '-' ~ var('shared_address_days'), as_of()
        ) }}
    group by
        contact_points.channel,
        contact_points.address,
        messages.playbook_id,
        messages.step

),

-- What would keep the step from going out whenever it were due; a series has a consent
-- of its own. Fail closed: without a row every rule has failed, unless it is the
-- channel that is not switched on.
facts as (

    select
        enrollments.enrollment_id,
        enrollments.playbook_id,
        enrollments.customer_id,
        enrollments.arm,
        enrollments.entered_at,
        enrollments.offer_expires_at,
        enrollments.exit_reason,
        holds.ok_step_other_id,
        holds.ok_step_household,
        holds.ok_in_transit,
        coalesce(customer_windows.range_zone, {{ shop_zone() }}) as range_zone,
        steps.step,
        steps.step_order,
        steps.anchor_order,
        coalesce(step_variants.min_days, steps.min_days) as min_days,
        coalesce(step_variants.max_days, steps.max_days) as max_days,
        steps.channel,
        steps.channel_group,
        steps.includes_offer,
        steps.series_id,
        steps.cap_per_24h,
        step_messages.message_state,
        step_messages.left_at,
        coalesce(step_messages.settled_count, 0) = 1 as has_message,
        {% for by, kind in [
            ('barred_by', 'standing'), ('paused_by', 'pause'), ('capped_by', 'cap')
        ] -%}
        case
            when steps.series_id is null and eligibility.{{ by }} is not null
                then eligibility.{{ by }}
            when
                steps.series_id is not null
                and series_eligibility.{{ by }} is not null
                then series_eligibility.{{ by }}
            when {{ is_switched_on('steps.channel') }}
                then '{{ contact_rule_ids(kind) | join(",") }}'
            else '{{ "channel" if kind == "standing" }}'
        end as {{ by }},
        {% endfor -%}
        customer_windows.window_opens_at is not null as has_window,
        not coalesce(
            address_messages.first_customer_id != enrollments.customer_id
            or address_messages.last_customer_id != enrollments.customer_id,
            false
        ) as ok_shared_address

    from enrollments
    inner join steps
        on enrollments.playbook_id = steps.playbook_id
    left join step_variants
        on
            enrollments.playbook_id = step_variants.playbook_id
            and steps.step = step_variants.step
            and enrollments.variant = step_variants.variant
    left join step_messages
        on
            enrollments.enrollment_id = step_messages.enrollment_id
            and steps.step = step_messages.step
    left join eligibility
        on
            enrollments.customer_id = eligibility.customer_id
            and steps.channel = eligibility.channel
    left join series_eligibility
        on
            enrollments.episode_order_id = series_eligibility.join_id
            and steps.series_id = series_eligibility.series_id
            and steps.channel = series_eligibility.channel
    left join customer_windows
        on
            enrollments.customer_id = customer_windows.customer_id
            and steps.channel_group = customer_windows.channel_group
    left join contact_points
        on
            enrollments.customer_id = contact_points.customer_id
            and steps.channel = contact_points.channel
    left join address_messages
        on
            contact_points.address = address_messages.address
            and steps.channel = address_messages.channel
            and steps.playbook_id = address_messages.playbook_id
            and steps.step = address_messages.step
    left join holds
        on
            enrollments.playbook_id = holds.playbook_id
            and enrollments.customer_id = holds.customer_id
            and steps.channel_group = holds.channel_group

),

-- What other ids at the address did bars a win-back, or has it wait.
held as (

    select
        *,
        concat_ws(
            ',',
            nullif(barred_by, ''),
            case when not ok_step_other_id then 'other_id' end,
            case when not ok_step_household then 'household' end
        ) as all_barred_by,
        concat_ws(
            ',',
            nullif(paused_by, ''),
            case
                when
                    not ok_in_transit
                    and {{ rule_holds('in_transit', 'paused_by') }}
                    then 'in_transit'
            end
        ) as all_paused_by

    from facts

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
        includes_offer,
        range_zone,
        cast(series_id as varchar) as series_id,
        cast(cap_per_24h as bigint) as series_cap_per_24h,

        -- its message
        cast(message_state as varchar) as message_state,
        has_message,

        -- rules
        all_barred_by as barred_by,
        all_paused_by as paused_by,
        capped_by,
        ok_shared_address,
        has_window,
        exit_reason is not null
        or arm = 'holdout'
        or all_barred_by != ''
        or not has_window
        or not ok_shared_address as is_blocked,

        -- timestamps
        entered_at,
        offer_expires_at,
        left_at

    from held

)

select * from final
