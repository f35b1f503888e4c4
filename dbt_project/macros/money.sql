{#- What one unit of a currency is in the shop's; null where no rate says it. A shop that names
    no currency takes each amount as it stands. -#}
{% macro exchange_rate(currency) -%}
    {%- if not var('currency') -%}
    cast(1 as decimal(12, 6))
    {%- else -%}
    case {{ currency }}
        when '{{ var("currency") }}' then cast(1 as decimal(12, 6))
        {%- for name, rate in var('exchange_rates').items() %}
        when '{{ name }}' then cast({{ rate }} as decimal(12, 6))
        {%- endfor %}
    end
    {%- endif -%}
{%- endmacro %}
