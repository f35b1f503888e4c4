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


{#-
    A text with separators as rows, in a select list: one row a part. The
    separators are a regular expression.
-#}
{% macro split_to_rows(text, separators) -%}
    {{ return(adapter.dispatch('split_to_rows', 'winback')(text, separators)) }}
{%- endmacro %}

{% macro default__split_to_rows(text, separators) -%}
    unnest(string_split_regex({{ text }}, '{{ separators }}'))
{%- endmacro %}

{% macro spark__split_to_rows(text, separators) -%}
    explode(split({{ text }}, '{{ separators }}'))
{%- endmacro %}
