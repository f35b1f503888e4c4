{{ config(materialized='view') }}
{#-
    What counts for so many hours after an instant: caps, pauses, rests. Each names the model
    that knows the instants, their column, the hours and a condition.
-#}
{%- set a_day = 24 -%}
{%- set pause = var('answer_pause_hours') -%}
{%- set spans = [
    ('cap', 'int_contact__sent', 'sent_at', a_day, ''),
    ('cap', 'int_contact__sent', 'sent_at', 7 * a_day, ''),
    ('pause', 'stg_ledger__conversations', 'last_reply_at', pause, ''),
    ('pause', 'stg_ledger__provider_events', 'occurred_at', pause, "kind = 'clicked'"),
    ('rest', 'int_contact__soft_bounces', 'rests_until', 0, ''),
    ('answer', 'int_customers__feedback', 'answered_at',
        a_day * var('feedback_thanks_days'), ''),
    ('series', 'int_series__joins', 'granted_at',
        a_day * var('series_enter_days'), ''),
    ('address', 'int_messages__all', 'left_at',
        a_day * var('shared_address_days'), 'has_left'),
    ('offer', 'int_offers__told', 'holds_until', 0, ''),
    ('leak', 'int_offers__redemptions', 'redeemed_at',
        a_day * var('offer_leak_days'), 'is_by_stranger'),
    ('running', 'int_enrollments__running', 'ends_at', 0, ''),
] -%}
{%- for days in var('reactivation_windows') -%}
    {%- do spans.append(
        ('outcome', 'int_enrollments__known', 'entered_at', a_day * days, '')
    ) -%}
{%- endfor %}

with

complaints as (

    select * from {{ ref('int_contact__complaints') }}
    where complained_count >= {{ var('complaint_min_count') }}

),

spans as (

    {% for what, model, column, hours, condition in spans -%}
    select
        '{{ what }}' as what,
        {{ dbt.dateadd('hour', hours, column) }} as changes_at

    from {{ ref(model) }}
    {% if condition -%}
    where {{ condition }}
    {% endif %}
    union all

    {% endfor -%}
    -- The rate of complaints can rise as deliveries grow old, but not without a complaint.
    select
        'complaint' as what,
        {{ dbt.dateadd(
            'hour', var('complaint_window_hours'), 'provider_events.occurred_at'
        ) }} as changes_at

    from {{ ref('stg_ledger__provider_events') }} as provider_events
    where
        provider_events.kind in ('complained', 'delivered')
        and exists (select 1 from complaints)

    union all

    -- A question goes unanswered after its last moment, not at it.
    select
        'series' as what,
        {{ dbt.dateadd('second', 1, 'joins.confirm_by') }} as changes_at

    from {{ ref('int_series__joins') }} as joins

),

final as (

    select
        'ledger' as hangs_on,
        what,
        min(changes_at) as changes_at

    from spans
    where changes_at > {{ as_of() }}
    group by what

)

select * from final
