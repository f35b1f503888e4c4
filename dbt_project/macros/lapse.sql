{#- The var's value as a literal; one that is not among these stops dbt. -#}
{% macro one_of(name, values) -%}
    {%- set value = var(name) -%}
    {%- if value not in values -%}
        {{ exceptions.raise_compiler_error(
            name ~ " is '" ~ value ~ "'; it may be: " ~ values | join(', ')
        ) }}
    {%- endif -%}
    '{{ value }}'
{%- endmacro %}


{#- The lapse preset that was asked for. -#}
{% macro lapse_preset() -%}
    {{ winback.one_of('lapse_preset', ['fixed', 'personal']) }}
{%- endmacro %}


{#- What resets a customer's clock. -#}
{% macro lapse_basis() -%}
    {{ winback.one_of('lapse_basis', ['purchase', 'engagement', 'either']) }}
{%- endmacro %}


{#-
    Whether an enrollment belongs to the lapse that the customer is in: nothing was ordered
    since, as far as the shop still has the order.
-#}
{% macro is_of_this_lapse(customers, enrollments) -%}
    (
        {{ customers }}.last_order_id is null
        or {{ customers }}.last_order_id = {{ enrollments }}.episode_order_id
        or {{ customers }}.last_order_at <= {{ enrollments }}.entered_at
    )
{%- endmacro %}
