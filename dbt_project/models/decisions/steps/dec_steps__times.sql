{%- set orders = range(1, var('max_steps_per_playbook') + 1) -%}

with

step_rules as (

    select * from {{ ref('dec_steps__rules') }}

),

-- The steps of an enrollment side by side: a step's times follow from those of the steps
-- before it.
start as (

    select
        enrollment_id,
        entered_at,
        offer_expires_at,
        max(series_id) as series_id,
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

    from step_rules
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
        -- A series counts days of the calendar: with 24 hours, what is sent at 17:30
        -- would be due the next day when the window is about to close.
        case
            when series_id is null
                then {{ days_after('min_days_' ~ k, 'anchor_at_' ~ k) }}
            else greatest(
                anchor_at_{{ k }},
                {{ end_of_day_after(
                    'min_days_' ~ k ~ ' - 1', 'anchor_at_' ~ k, 'range_zone_' ~ k
                ) }}
            )
        end as due_at_{{ k }},
        least(
            {{ end_of_day_after(
                'max_days_' ~ k, 'anchor_at_' ~ k, 'range_zone_' ~ k
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

final as (

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

)

select * from final
