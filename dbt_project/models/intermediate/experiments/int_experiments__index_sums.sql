{%- set features = index_features() -%}
{%- set names = features.keys() | list -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
history as (

    select * from {{ ref('int_experiments__history') }}
    where window_days = {{ var('plan_window_days') }}

),

described as (

    select
        playbook_id,
        case when is_back then 1 else 0 end as back
        {%- for name, expression in features.items() %},
        {{ expression }} as {{ name }}
        {%- endfor %}

    from history

),

final as (

    select
        -- ids
        playbook_id,

        -- numerics
        cast(count(*) as bigint) as watched,
        cast(sum(back) as bigint) as came_back
        {%- for name in names %},
        cast(sum({{ name }}) as double) as sum_{{ name }},
        cast(sum({{ name }} * back) as double) as sum_{{ name }}_back
        {#- A product that is a feature itself has its sum already. #}
        {%- for other in names[loop.index0:] if name ~ '_' ~ other not in names %},
        cast(sum({{ name }} * {{ other }}) as double)
            as sum_{{ name }}_{{ other }}
        {%- endfor %}
        {%- endfor %}

    from described
    group by playbook_id

)

select * from final
