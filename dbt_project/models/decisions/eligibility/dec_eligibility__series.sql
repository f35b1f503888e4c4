{%- set rules = contact_rule_ids() -%}
{#- What a series has of its own; every other rule is the channel's. -#}
{%- set own_rules = ['consent', 'cap_24h', 'cap_7d', 'conversation'] -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
own as (

    select * from {{ ref('dec_eligibility__series_rules') }}

),

rules as (

    select * from {{ ref('dec_eligibility__rules') }}

),

-- Fail closed: a rule that could not be judged has failed.
judged as (

    select
        own.join_id,
        own.series_id,
        own.customer_id,
        own.channel
        {%- for rule in rules %},
        coalesce(
            {{ 'own' if rule in own_rules else 'rules' }}.ok_{{ rule }}, false
        ) as ok_{{ rule }}
        {%- endfor %}

    from own
    left join rules
        on
            own.customer_id = rules.customer_id
            and own.channel = rules.channel

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
        cast(join_id as varchar) as join_id,
        cast(series_id as varchar) as series_id,
        cast(customer_id as varchar) as customer_id,
        cast(channel as varchar) as channel,

        -- verdicts
        blocked_by = '' as is_eligible,
        barred_by = '' as is_reachable,
        blocked_by,
        barred_by,
        paused_by,
        capped_by
        {%- for rule in rules %},
        ok_{{ rule }}
        {%- endfor %}

    from explained

)

select * from final
