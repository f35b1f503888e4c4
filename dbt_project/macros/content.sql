{#- The lists of products that a message may show, by the kind of pick. -#}
{% macro content_kinds() -%}
    {{ return([
        'arrivals', 'related', 'tagged', 'reviewed', 'cart', 'viewed'
    ]) }}
{%- endmacro %}


{#-
    What a row of the seed step_contents may need: each is a column of
    dec_outbox__conditions.
-#}
{% macro content_needs() -%}
    {{ return(winback.content_kinds() + [
        'reviews', 'points', 'community', 'old_price', 'clicked',
        'reason_price', 'reason_product', 'reason_forgot'
    ]) }}
{%- endmacro %}


{#-
    A product as a message shows it, one value that orders by its pick. The fields are
    those that winback/content/_products.py reads.
-#}
{% macro product_line(picks, products) -%}
    struct_pack(
        {%- for name, expression in winback.product_fields(picks, products) -%}
        {{ name }} := {{ expression }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{% macro product_fields(picks, products) -%}
    {{ return([
        ('pick', picks ~ '.pick'),
        ('name', products ~ '.product_name'),
        ('url', products ~ '.product_url'),
        ('image_url', products ~ '.image_url'),
        ('price_cents', products ~ '.price_cents'),
        (
            'old_price_cents',
            'case when ' ~ products ~ '.price_cents is null then null when '
            ~ picks ~ ".kind = 'viewed' then " ~ picks ~ '.seen_price_cents else '
            ~ products ~ '.old_price_cents end'
        ),
        ('currency', products ~ '.currency'),
        ('rating_tenths', products ~ '.rating_tenths'),
        ('review_count', products ~ '.review_count')
    ]) }}
{%- endmacro %}


{#- An aggregate: the lines that are not null, in their order, as JSON; null without one. -#}
{% macro product_list(line) -%}
    cast(
        to_json(
            list_sort(
                list({{ line }}) filter (where {{ line }} is not null)
            )
        ) as varchar
    )
{%- endmacro %}
