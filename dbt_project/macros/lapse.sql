{#- The var's value as a literal; one that is not among these stops dbt. -#}
{% macro one_of(name, values) -%}
    {%- set value = var(name) -%}
    {%- if value not in values -%}
        {{ exceptions.raise_compiler_error(
            name ~ " is '" ~ value ~ "'; it may be: " ~ values | join(', ')
        ) }}
    {%- endif -%}
    '{{ value }}'
{%- endmacro %}


{#- The lapse preset that was asked for. -#}
{% macro lapse_preset() -%}
    {{ winback.one_of('lapse_preset', ['fixed', 'personal']) }}
{%- endmacro %}


{#- What resets a customer's clock. -#}
{% macro lapse_basis() -%}
    {{ winback.one_of('lapse_basis', ['purchase', 'engagement', 'either']) }}
{%- endmacro %}
