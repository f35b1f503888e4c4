{#-
    The contact rules are the rows of the seed contact_rules of three kinds, and blocked_by
    names them in its order. Each has a column ok_<id> in the model of its kind
    (dec_eligibility__standing, __pauses, __caps), which the models after it take from
    there. dbt reads no seed while it parses, so `make docs` writes the seed's rows into
    the macro contact_rules (macros/generated). What a failed rule does depends on its kind:

    standing  never holds by waiting: the step is skipped at once (`suppressed`)
    pause     passes by itself: the step waits inside its range (`deferred`)
    cap       too many messages: the step waits inside its range (`capped`)
-#}

{#- The ids of the rules, or of those of one kind. -#}
{% macro contact_rule_ids(kind=none) -%}
    {%- set ids = [] -%}
    {%- for rule in winback.contact_rules() if kind in (none, rule.kind) -%}
        {%- do ids.append(rule.id) -%}
    {%- endfor -%}
    {{ return(ids) }}
{%- endmacro %}

{#- The rules of a row that failed, as text with commas; empty if none did. -#}
{% macro failed_rules(ids) -%}
    {%- if ids -%}
    concat_ws(
        ','
        {%- for id in ids %},
        case when not ok_{{ id }} then '{{ id }}' end
        {%- endfor %}
    )
    {%- else -%}
    ''
    {%- endif -%}
{%- endmacro %}

{#- Whether a rule is not among those that failed, a text with commas. -#}
{% macro rule_holds(id, failed) -%}
    {{ dbt.position("'," ~ id ~ ",'", "concat(',', " ~ failed ~ ", ',')") }} = 0
{%- endmacro %}

{#- What send_decisions may name in blocked_by beside the contact rules. -#}
{% macro decision_rule_ids() -%}
    {{ return([
        'purchase', 'no_order', 'holdout', 'range', 'other_id', 'household',
        'journey', 'shared_address', 'offer_stacking', 'offer_budget', 'offer_leak', 'window',
        'usual_hour', 'budget', 'bandit_nothing', 'bandit_stopped',
    ]) }}
{%- endmacro %}

{#- What keeps somebody from entering a playbook, in the order in which it is named. -#}
{% macro entry_rule_ids() -%}
    {{ return([
        'episode', 'enrolled', 'lost', 'written_off', 'running', 'cool_down',
        'season', 'expected_order', 'address', 'consent', 'reachable', 'paused', 'in_transit', 'unread_rows',
        'returned', 'other_id', 'household', 'other_playbook', 'offer_used_up', 'daily_limit',
    ]) }}
{%- endmacro %}
