-- Whoever reads blocked_by finds each id in the catalog, with its kind.
-- A returned row is an id that only the macros or only the catalog knows.
with

named as (

    {% for rule in contact_rules() -%}
    select
        '{{ rule.id }}' as rule_id,
        '{{ rule.kind }}' as kind
    union all
    {% endfor -%}
    {% for id in entry_rule_ids()
        if id not in contact_rule_ids() + decision_rule_ids() -%}
    select
        '{{ id }}' as rule_id,
        'entry' as kind
    union all
    {% endfor -%}
    {% for id in decision_rule_ids() -%}
    select
        '{{ id }}' as rule_id,
        'decision' as kind
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

listed as (

    select
        rule_id,
        kind
    from {{ ref('contact_rules') }}
    where kind in ('standing', 'pause', 'cap', 'entry', 'decision')

)

select
    coalesce(named.rule_id, listed.rule_id) as rule_id,
    coalesce(named.kind, listed.kind) as kind
from named
full outer join listed
    on
        named.rule_id = listed.rule_id
        and named.kind = listed.kind
where named.rule_id is null or listed.rule_id is null
