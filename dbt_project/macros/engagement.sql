{#- The level that a number of engaged days makes; null stays unknown. -#}
{% macro engagement_level(days) -%}
    case
        when {{ days }} >= {{ var('engagement_high_from_days') }} then 'high'
        when {{ days }} >= {{ var('engagement_medium_from_days') }} then 'medium'
        when {{ days }} >= 1 then 'low'
        when {{ days }} = 0 then 'none'
    end
{%- endmacro %}


{#-
    The channels on which engagement is told, each with its condition: all that comes to a
    phone is `sms` here.
-#}
{% macro engagement_channels() -%}
    {{ return({
        'web': "channel = 'web'",
        'email': "channel = 'email'",
        'sms': "channel not in ('web', 'email')",
    }) }}
{%- endmacro %}

{#- The first day whose interactions count. -#}
{% macro engagement_start() -%}
    {{ dbt.dateadd('day', 1 - var('engagement_window_days'), as_of_date()) }}
{%- endmacro %}
