{%- set kinds = {'standing': 'standing', 'pauses': 'pause', 'caps': 'cap'} -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
standing as (

    select * from {{ ref('dec_eligibility__standing') }}

),

pauses as (

    select * from {{ ref('dec_eligibility__pauses') }}

),

caps as (

    select * from {{ ref('dec_eligibility__caps') }}

),

final as (

    select
        -- ids
        standing.customer_id,
        standing.channel,

        -- rules
        {%- for model, kind in kinds.items() %}
        {%- for rule in contact_rule_ids(kind) %}
        {{ model }}.ok_{{ rule }},
        {%- endfor %}
        {%- endfor %}

        -- timestamps
        standing.consent_expires_at

    from standing
    left join pauses
        on
            standing.customer_id = pauses.customer_id
            and standing.channel = pauses.channel
    left join caps
        on
            standing.customer_id = caps.customer_id
            and standing.channel = caps.channel

)

select * from final
