{# A view in one statement, as table.sql builds a table. #}
{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) if pre_hooks }}
    {{ run_hooks(pre_hooks, inside_transaction=True) if pre_hooks }}
    {{ drop_relation_if_exists(existing) if existing and not existing.is_view }}
    {# One statement needs no transaction of its own. #}
    {% call statement('main', auto_begin=False) -%}
        create or replace view {{ target }} as (
            {{ compiled_code }}
        )
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) if post_hooks }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) if post_hooks }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
