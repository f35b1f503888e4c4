{# A table whose rows lie in Spark's files is a view in DuckDB's catalog: its comment tells. #}
{% macro winbackspark__list_relations_without_caching(schema_relation) %}
    {% call statement('list_relations_without_caching', fetch_result=True) -%}
        select
            '{{ schema_relation.database }}' as database,
            table_name as name,
            table_schema as schema,
            case
                when table_type = 'BASE TABLE' then 'table'
                when starts_with(table_comment, 'spark:') then 'table'
                when table_type = 'VIEW' then 'view'
                when table_type = 'LOCAL TEMPORARY' then 'table'
            end as type
        from system.information_schema.tables
        where
            lower(table_schema) = '{{ schema_relation.schema | lower }}'
            and lower(table_catalog) = '{{ schema_relation.database | lower }}'
    {% endcall %}
    {{ return(load_result('list_relations_without_caching').table) }}
{% endmacro %}
