{#
  A table in one statement. dbt's own builds it under another name, renames the old one, renames the
  new one and drops the old one: half of the time that a model of a small shop takes. A statement that
  fails leaves the table as it was, here too.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) if pre_hooks }}
    {{ run_hooks(pre_hooks, inside_transaction=True) if pre_hooks }}
    {% if language == 'python' %}
        {%- set built = make_intermediate_relation(target) -%}
        {{ drop_relation_if_exists(load_cached_relation(built)) }}
        {% call statement('main', language=language) -%}
            {{ create_table_as(False, built, compiled_code, language) }}
        {%- endcall %}
        {{ drop_relation_if_exists(existing) }}
        {{ adapter.rename_relation(built, target) }}
    {% else %}
        {{ drop_relation_if_exists(existing) if existing and not existing.is_table }}
        {# Two statements need a transaction around them; one does not. #}
        {% call statement('main', auto_begin=config.get('contract').enforced) -%}
            {{ replace_table(target, compiled_code) }}
        {%- endcall %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) if post_hooks }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) if post_hooks }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{% macro replace_table(relation, compiled_code) %}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(compiled_code) }}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        insert into {{ relation }} {{ get_column_names() }} (
            {{ get_select_subquery(compiled_code) }}
        )
    {%- else -%}
        create or replace table {{ relation }} as (
            {{ compiled_code }}
        )
    {%- endif -%}
{% endmacro %}
