{#-
    An aggregate: the distinct values as one text, sorted, with commas. It is four times as fast
    as a distinct string_agg in order, of many small groups.
-#}
{% macro sorted_list(expression) -%}
    array_to_string(
        list_sort(
            list_distinct(
                list({{ expression }}) filter (where {{ expression }} is not null)
            )
        ), ','
    )
{%- endmacro %}


{#-
    A text with separators as rows, in a select list: one row a part. The
    separators are a regular expression.
-#}
{% macro split_to_rows(text, separators) -%}
    unnest(string_split_regex({{ text }}, '{{ separators }}'))
{%- endmacro %}


{#-
    Several values as one, which compares by the first, then by the next: the greatest such
    row of a group costs half of what a window over its rows does. `value_of` reads the first as 1.
-#}
{% macro row_of(expressions) -%}
    struct_pack(
        {%- for expression in expressions -%}
        c{{ loop.index }} := {{ expression }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{% macro value_of(row, number) -%}
    struct_extract({{ row }}, 'c{{ number }}')
{%- endmacro %}
