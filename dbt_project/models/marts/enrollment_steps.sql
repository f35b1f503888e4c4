{%- set orders = range(1, var('max_steps_per_playbook') + 1) -%}

with

enrollments as (

    select * from {{ ref('started_enrollments') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

eligibility as (

    select * from {{ ref('channel_eligibility') }}

),

customer_windows as (

    select * from {{ ref('int_decisions__customer_windows') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

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

-- What would keep the step from going out whenever it were due. Fail closed: without
-- a row every rule has failed.
facts as (

    select
        enrollments.enrollment_id,
        enrollments.playbook_id,
        enrollments.customer_id,
        enrollments.arm,
        enrollments.entered_at,
        enrollments.offer_expires_at,
        enrollments.purchased_at,
        coalesce(customer_windows.range_zone, {{ shop_zone() }}) as range_zone,
        steps.step,
        steps.step_order,
        steps.anchor_order,
        steps.min_days,
        steps.max_days,
        steps.channel,
        steps.channel_group,
        steps.includes_offer,
        step_messages.message_state,
        step_messages.left_at,
        coalesce(step_messages.settled_count, 0) = 1 as has_message,
        coalesce(
            eligibility.barred_by,
            '{{ contact_rule_ids("standing") | join(",") }}'
        ) as barred_by,
        coalesce(
            eligibility.paused_by,
            '{{ contact_rule_ids("pause") | join(",") }}'
        ) as paused_by,
        coalesce(
            eligibility.capped_by,
            '{{ contact_rule_ids("cap") | join(",") }}'
        ) as capped_by,
        customer_windows.window_opens_at is not null as has_window,
        not coalesce(
            address_messages.first_customer_id != enrollments.customer_id
            or address_messages.last_customer_id != enrollments.customer_id,
            false
        ) as ok_shared_address

    from enrollments
    inner join steps
        on enrollments.playbook_id = steps.playbook_id
    left join step_messages
        on
            enrollments.enrollment_id = step_messages.enrollment_id
            and steps.step = step_messages.step
    left join eligibility
        on
            enrollments.customer_id = eligibility.customer_id
            and steps.channel = eligibility.channel
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

),

judged as (

    select
        *,
        purchased_at is not null
        or arm = 'holdout'
        or not (
            barred_by = ''
            and has_window
            and ok_shared_address
        ) as is_blocked

    from facts

),

-- One row an enrollment from here on, the steps side by side: a step's times follow
-- from those of the steps before it.
start as (

    select
        enrollment_id,
        entered_at,
        offer_expires_at,
        {%- for k in orders %}
        {%- for column in [
            'anchor_order', 'min_days', 'max_days', 'left_at', 'range_zone'
        ] %}
        max(case when step_order = {{ k }} then {{ column }} end)
            as {{ column }}_{{ k }},
        {%- endfor %}
        {%- for flag in ['includes_offer', 'has_message', 'is_blocked'] %}
        max(case when step_order = {{ k }} and {{ flag }} then 1 else 0 end) = 1
            as {{ flag }}_{{ k }},
        {%- endfor %}
        max(case when step_order > {{ k }} and has_message then 1 else 0 end) = 1
            as is_passed_{{ k }},
        {%- endfor %}
        max(step_order) as step_count

    from judged
    group by enrollment_id, entered_at, offer_expires_at

),

{% for k in orders -%}
{%- set before = 'start' if loop.first else 'settled_' ~ loop.index0 -%}
anchored_{{ k }} as (

    select
        *,
        {% if loop.first -%}
        entered_at as anchor_at_1
        {%- else -%}
        case
            when anchor_order_{{ k }} is null then entered_at
            {%- for earlier in range(1, k) %}
            when anchor_order_{{ k }} = {{ earlier }}
                then coalesce(left_at_{{ earlier }}, due_at_{{ earlier }})
            {%- endfor %}
        end as anchor_at_{{ k }}
        {%- endif %}

    from {{ before }}

),

timed_{{ k }} as (

    select
        *,
        {{ days_after('min_days_' ~ k, 'anchor_at_' ~ k) }} as due_at_{{ k }},
        least(
            {{ end_of_day(
                dbt.dateadd(
                    'day',
                    'max_days_' ~ k,
                    local_date('anchor_at_' ~ k, 'range_zone_' ~ k)
                ),
                'range_zone_' ~ k
            ) }},
            case
                when includes_offer_{{ k }} and offer_expires_at is not null
                    then offer_expires_at
                else cast(
                    '9999-12-31T00:00:00+00:00' as {{ timestamptz_type() }}
                )
            end
        ) as expires_at_{{ k }}

    from anchored_{{ k }}

),

settled_{{ k }} as (

    select
        *,
        {% if loop.first -%}
        true as is_reached_1,
        {%- else -%}
        is_reached_{{ k - 1 }} and is_settled_{{ k - 1 }} as is_reached_{{ k }},
        {%- endif %}
        has_message_{{ k }}
        or is_passed_{{ k }}
        or (
            due_at_{{ k }} <= {{ as_of() }}
            and (is_blocked_{{ k }} or expires_at_{{ k }} <= {{ as_of() }})
        ) as is_settled_{{ k }}

    from timed_{{ k }}

),

{% endfor -%}

timed as (

    {% for k in orders %}
    select
        enrollment_id,
        {{ k }} as step_order,
        anchor_at_{{ k }} as anchor_at,
        due_at_{{ k }} as due_at,
        expires_at_{{ k }} as expires_at,
        is_reached_{{ k }} as is_reached,
        is_settled_{{ k }} as is_settled,
        is_passed_{{ k }} as is_passed

    from settled_{{ orders | last }}
    where step_count >= {{ k }}
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

final as (

    select
        -- ids
        judged.enrollment_id,
        judged.playbook_id,
        judged.step,
        judged.customer_id,

        -- facts
        judged.channel,
        judged.channel_group,
        cast(judged.message_state as varchar) as message_state,
        judged.has_message,
        timed.is_passed,
        timed.is_reached,
        timed.is_settled,
        timed.is_reached
        and timed.due_at <= {{ as_of() }} as is_due,

        -- rules
        judged.barred_by,
        judged.paused_by,
        judged.capped_by,
        judged.ok_shared_address,
        judged.has_window,

        -- timestamps
        timed.anchor_at,
        timed.due_at,
        timed.expires_at,
        judged.left_at

    from judged
    inner join timed
        on
            judged.enrollment_id = timed.enrollment_id
            and judged.step_order = timed.step_order

)

select * from final
