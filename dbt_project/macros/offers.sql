{#- A code as codes are compared: in capitals and without blanks, as the ledger keeps it. -#}
{% macro code_key(code) -%}
    upper(replace({{ code }}, ' ', ''))
{%- endmacro %}
