{#-
    What the index of recency, frequency and value is made of, by name: of a row with the
    hours since the last order, the number of orders and what was spent. The fit in
    winback/measure/statistics/_index.py has these names.
-#}
{% macro index_features() -%}
    {%- set recency = 'ln(1 + cast(silent_hours as double) / 24)' -%}
    {%- set frequency = 'ln(cast(order_count as double))' -%}
    {{ return({
        'recency': recency,
        'frequency': frequency,
        'recency_frequency': recency ~ ' * ' ~ frequency,
        'spent': 'ln(1 + cast(spent_cents as double) / 100)',
    }) }}
{%- endmacro %}


{#-
    The spans before a playbook's first entry that are looked at, as days of a window and
    days from its begin to the entry: each window's last, and more of the plan's for the index.
-#}
{% macro history_spans() -%}
    {%- set plan_window = var('plan_window_days') -%}
    {%- set spans = [] -%}
    {%- for days in var('reactivation_windows') -%}
        {%- do spans.append((days, days)) -%}
    {%- endfor -%}
    {%- for number in range(1, var('index_history_windows') + 1) -%}
        {%- if (plan_window, plan_window * number) not in spans -%}
            {%- do spans.append((plan_window, plan_window * number)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(spans) }}
{%- endmacro %}
