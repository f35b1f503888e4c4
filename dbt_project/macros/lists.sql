{#- An aggregate: the distinct values as one text, sorted, with commas. -#}
{% macro sorted_list(expression) -%}
    {{ return(adapter.dispatch('sorted_list', 'winback')(expression)) }}
{%- endmacro %}

{% macro default__sorted_list(expression) -%}
    string_agg(distinct {{ expression }}, ',' order by {{ expression }})
{%- endmacro %}

{% macro spark__sorted_list(expression) -%}
    array_join(array_sort(collect_set({{ expression }})), ',')
{%- endmacro %}
