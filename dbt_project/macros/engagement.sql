{#- The level that a number of engaged days makes; null stays unknown. -#}
{% macro engagement_level(days) -%}
    case
        when {{ days }} >= {{ var('engagement_high_from_days') }} then 'high'
        when {{ days }} >= {{ var('engagement_medium_from_days') }} then 'medium'
        when {{ days }} >= 1 then 'low'
        when {{ days }} = 0 then 'none'
    end
{%- endmacro %}
