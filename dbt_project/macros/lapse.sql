{#-
    The lapse preset in force, as a literal; one that does not exist stops dbt.
-#}
{% macro lapse_preset() -%}
    {%- set preset = var('lapse_preset') -%}
    {%- if preset != 'fixed' -%}
        {{ exceptions.raise_compiler_error(
            "lapse_preset is '" ~ preset ~ "'; the presets are: fixed"
        ) }}
    {%- endif -%}
    '{{ preset }}'
{%- endmacro %}
