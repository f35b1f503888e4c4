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
        {'name': 'context_image_url', 'type': 'varchar', 'model': 'contexts', 'column': 'image_url'},
        {'name': 'context_price_cents', 'type': 'bigint', 'model': 'contexts', 'column': 'price_cents'},
        {'name': 'context_old_price_cents', 'type': 'bigint', 'model': 'contexts', 'column': 'old_price_cents'},
        {'name': 'context_currency', 'type': 'varchar', 'model': 'contexts', 'column': 'currency'},
        {'name': 'arrivals_products', 'type': 'varchar', 'model': 'content_facts', 'column': 'arrivals_products'},
        {'name': 'related_products', 'type': 'varchar', 'model': 'content_facts', 'column': 'related_products'},
        {'name': 'tagged_products', 'type': 'varchar', 'model': 'content_facts', 'column': 'tagged_products'},
        {'name': 'reviewed_products', 'type': 'varchar', 'model': 'content_facts', 'column': 'reviewed_products'},
        {'name': 'cart_products', 'type': 'varchar', 'model': 'content_facts', 'column': 'cart_products'},
        {'name': 'viewed_products', 'type': 'varchar', 'model': 'content_facts', 'column': 'viewed_products'},
        {'name': 'category_rating_tenths', 'type': 'bigint', 'model': 'content_facts', 'column': 'category_rating_tenths'},
        {'name': 'category_review_count', 'type': 'bigint', 'model': 'content_facts', 'column': 'category_review_count'},
        {'name': 'category_quote', 'type': 'varchar', 'model': 'content_facts', 'column': 'category_quote'},
        {'name': 'category_quote_product_name', 'type': 'varchar', 'model': 'content_facts', 'column': 'category_quote_product_name'},
        {'name': 'held_tag', 'type': 'varchar', 'model': 'content_facts', 'column': 'held_tag'},
        {'name': 'loyalty_points', 'type': 'bigint', 'model': 'content_facts', 'column': 'loyalty_points'},
        {'name': 'loyalty_tier', 'type': 'varchar', 'model': 'content_facts', 'column': 'loyalty_tier'},
        {'name': 'loyalty_expires_on', 'type': 'varchar', 'model': 'content_facts', 'column': 'loyalty_expires_on'},
        {'name': 'invitation', 'type': 'varchar', 'model': 'content_facts', 'column': 'invitation'},
    ]) }}
{%- endmacro %}
