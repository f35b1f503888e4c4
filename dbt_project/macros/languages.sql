{#- Whether the shop writes in this language: WINBACK_LANGUAGES, and its own. -#}
{% macro is_language_on(language) -%}
    {{ language }} in ('{{ var("languages") | join("', '") }}')
{%- endmacro %}
