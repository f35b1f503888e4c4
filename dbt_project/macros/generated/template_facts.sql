{#-
    The facts that a template may say: written by make docs from
    winback/content/facts.py. `column` stands in the CTE `model`.
-#}
{% macro template_facts() -%}
    {{ return([
        {'name': 'first_name', 'type': 'varchar', 'model': 'template_facts', 'column': 'first_name'},
        {'name': 'last_product_name', 'type': 'varchar', 'model': 'template_facts', 'column': 'last_product_name'},
        {'name': 'last_product_url', 'type': 'varchar', 'model': 'template_facts', 'column': 'last_product_url'},
        {'name': 'top_product_name', 'type': 'varchar', 'model': 'template_facts', 'column': 'top_product_name'},
        {'name': 'top_product_url', 'type': 'varchar', 'model': 'template_facts', 'column': 'top_product_url'},
        {'name': 'last_viewed_product_name', 'type': 'varchar', 'model': 'template_facts', 'column': 'last_viewed_product_name'},
        {'name': 'last_viewed_product_url', 'type': 'varchar', 'model': 'template_facts', 'column': 'last_viewed_product_url'},
        {'name': 'favorite_category', 'type': 'varchar', 'model': 'template_facts', 'column': 'favorite_category'},
        {'name': 'context_product_name', 'type': 'varchar', 'model': 'contexts', 'column': 'product_name'},
        {'name': 'context_product_url', 'type': 'varchar', 'model': 'contexts', 'column': 'product_url'},
        {'name': 'context_drop_percent', 'type': 'bigint', 'model': 'contexts', 'column': 'drop_percent'},
    ]) }}
{%- endmacro %}
