{#-
    Whether a price fell far enough to tell somebody: in whole cents, so that the
    bound is exact. An unknown price is no drop.
-#}
{% macro is_price_drop(price_seen_cents, price_now_cents) -%}
    (
        {{ price_seen_cents }} > 0
        and {{ price_now_cents }} * 100
        <= {{ price_seen_cents }} * (100 - {{ var('price_drop_percent') }})
    )
{%- endmacro %}
