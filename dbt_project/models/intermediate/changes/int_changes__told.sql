{{ config(materialized='view') }}
{#-
    The instants that staging tells. A row of an instant to come counts from then on, or
    until then: a price of tomorrow, an order of a till whose clock is ahead, an offer's end.
-#}
{%- set instants = {
    'stg_shop__consents': ['occurred_at'],
    'stg_shop__customers': ['created_at'],
    'stg_shop__loyalty': ['points_expire_at', 'known_at'],
    'stg_shop__orders': ['ordered_at'],
    'stg_shop__past_enrollments': ['entered_at'],
    'stg_shop__past_messages': ['sent_at'],
    'stg_shop__price_changes': ['changed_at'],
    'stg_shop__products': ['first_available_at'],
    'stg_shop__reviews': ['created_at'],
    'stg_shop__set_aside': ['set_aside_at'],
    'stg_shop__stock': ['known_at'],
    'stg_shop__web_events': ['occurred_at'],
    'stg_ledger__bandit_choices': ['chosen_at', 'offer_expires_at'],
    'stg_ledger__bandit_moves': ['moved_at'],
    'stg_ledger__conversations': ['opened_at', 'last_reply_at', 'waiting_since'],
    'stg_ledger__enrollment_ends': ['ended_at'],
    'stg_ledger__enrollments': ['entered_at', 'offer_expires_at'],
    'stg_ledger__experiment_plans': ['started_at'],
    'stg_ledger__message_versions': [
        'planned_at', 'not_before', 'window_closes_at', 'expires_at',
        'accepted_at', 'updated_at', 'offer_expires_at',
    ],
    'stg_ledger__offer_codes': ['imported_at', 'given_at', 'ends_at'],
    'stg_ledger__preferences': ['occurred_at', 'until_at', 'withdrawn_at'],
    'stg_ledger__prices': ['told_at'],
    'stg_ledger__provider_events': ['occurred_at', 'received_at'],
    'stg_ledger__series_joins': [
        'asked_at', 'confirm_by', 'granted_at', 'ended_at',
    ],
    'stg_ledger__suppressions': ['occurred_at', 'recorded_at', 'lifted_at'],
    'stg_ledger__unwritten': ['found_at'],
} -%}

with

told as (

    {% for model, columns in instants.items() -%}
    {%- for column in columns %}
    select
        '{{ "ledger" if "_ledger__" in model else "shop" }}' as hangs_on,
        'told' as what,
        min({{ column }}) as changes_at

    from {{ ref(model) }}
    where {{ column }} > {{ as_of() }}

    union all
    {% endfor -%}
    {%- endfor %}
    -- Days are counted in the shop's zone, and those of the contact windows from UTC's.
    {% for zone in [shop_zone(), "'UTC'"] -%}
    select
        'shop' as hangs_on,
        'day' as what,
        {{ end_of_day_after(0, as_of(), zone) }} as changes_at
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

final as (

    select * from told
    where changes_at is not null

)

select * from final
