{%- set rules = contact_rule_ids() -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
rules as (

    select * from {{ ref('dec_eligibility__rules') }}

),

-- Fail closed: a rule that could not be judged has failed.
judged as (

    select
        customer_id,
        channel,
        {%- for rule in rules %}
        coalesce(ok_{{ rule }}, false) as ok_{{ rule }},
        {%- endfor %}
        consent_expires_at

    from rules

),

explained as (

    select
        *,
        {{ failed_rules(rules) }} as blocked_by,
        {{ failed_rules(contact_rule_ids('standing')) }} as barred_by,
        {{ failed_rules(contact_rule_ids('pause')) }} as paused_by,
        {{ failed_rules(contact_rule_ids('cap')) }} as capped_by

    from judged

),

final as (

    select
        -- ids
        customer_id,
        channel,

        -- verdicts
        blocked_by = '' as is_eligible,
        barred_by = '' as is_reachable,
        blocked_by,
        barred_by,
        paused_by,
        capped_by,

        -- rules
        {%- for rule in rules %}
        ok_{{ rule }},
        {%- endfor %}

        -- timestamps
        consent_expires_at

    from explained

)

select * from final
