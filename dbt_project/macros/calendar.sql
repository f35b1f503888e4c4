{#- Monday 1 to Sunday 7. -#}
{% macro iso_weekday(date) -%}
    cast(extract(isodow from {{ date }}) as bigint)
{%- endmacro %}


{#- An instant as ISO 8601 text in UTC, to the second. -#}
{% macro instant_text(instant) -%}
    strftime({{ instant }}, '%Y-%m-%dT%H:%M:%SZ')
{%- endmacro %}


{#- So many days of 24 hours after an instant: a step's clock ignores summer time. -#}
{% macro days_after(days, instant) -%}
    {{ dbt.dateadd('hour', '24 * (' ~ days ~ ')', instant) }}
{%- endmacro %}


{#- Hours that are over between two instants. -#}
{% macro full_hours(since, until) -%}
    date_sub('hour', {{ since }}, {{ until }})
{%- endmacro %}


{#- The instant at which a local day ends: the first one of the next day. -#}
{% macro end_of_day(date, zone) -%}
    {{ winback.from_local(
        'cast(' ~ dbt.dateadd('day', 1, date) ~ ' as timestamp)', zone
    ) }}
{%- endmacro %}


{#- The end of the local day so many days after an instant's own. -#}
{% macro end_of_day_after(days, instant, zone) -%}
    {{ winback.end_of_day(
        dbt.dateadd('day', days, winback.local_date(instant, zone)), zone
    ) }}
{%- endmacro %}
