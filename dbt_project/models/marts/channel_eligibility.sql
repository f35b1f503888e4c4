{%- set standing = ['address', 'consent', 'suppression', 'zone'] -%}
{%- set rules = [
    'address', 'consent', 'suppression', 'cap_24h', 'cap_7d', 'zone'
] -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
rules as (

    select * from {{ ref('int_contact__rules') }}

),

-- Fail closed: a rule that could not be judged has failed.
judged as (

    select
        customer_id,
        channel,
        {%- for rule in rules %}
        coalesce(ok_{{ rule }}, false) as ok_{{ rule }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from rules

),

final as (

    select
        -- ids
        customer_id,
        channel,

        -- verdicts
        {% for rule in rules -%}
        ok_{{ rule }}{{ ' and ' if not loop.last }}
        {%- endfor %} as is_eligible,
        {% for rule in standing -%}
        ok_{{ rule }}{{ ' and ' if not loop.last }}
        {%- endfor %} as is_reachable,
        concat_ws(
            ','
            {%- for rule in rules %},
            case when not ok_{{ rule }} then '{{ rule }}' end
            {%- endfor %}
        ) as blocked_by,

        -- rules
        {%- for rule in rules %}
        ok_{{ rule }}{{ ',' if not loop.last }}
        {%- endfor %}

    from judged

)

select * from final
