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


{#- The last day of silence on which a first touch is due: of the shop's window, or by personal
    lapse of one as long from the customer's own threshold on. -#}
{% macro entry_to_days(customers) -%}
    {%- if winback.lapse_preset() == "'personal'" -%}
    {{ customers }}.lapse_threshold_days
    + {{ var('entry_to_days') - var('entry_from_days') }}
    {%- else -%}
    {{ var('entry_to_days') }}
    {%- endif -%}
{%- endmacro %}


{#- The segment that opens a playbook where a seed says lapsed_30_45: by personal lapse it is
    the one that goes by each customer's own threshold. -#}
{% macro opening_segment(segment) -%}
    {%- if winback.lapse_preset() == "'personal'" -%}
    case when {{ segment }} = 'lapsed_30_45' then 'newly_lapsed' else {{ segment }} end
    {%- else -%}
    {{ segment }}
    {%- endif -%}
{%- endmacro %}
