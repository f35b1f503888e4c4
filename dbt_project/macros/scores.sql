{#-
    A fifth of the population by rank, 5 for the last in this order. Equal
    values get equal scores, which NTILE and rank-by-row would tear apart.
-#}
{% macro fifth_by_rank(order_by) -%}
    cast(
        least(5, 1 + floor(5 * percent_rank() over (order by {{ order_by }})))
        as bigint
    )
{%- endmacro %}


{#-
    The number of the band that a count falls in; a band begins at each bound.
-#}
{% macro band(number, lower_bounds) -%}
    case
    {%- for bound in lower_bounds | reverse %}
        when {{ number }} >= {{ bound }} then {{ loop.revindex }}
    {%- endfor %}
    end
{%- endmacro %}
