{#-
    Instants and local days. Engines differ in how they cross zones, so every such
    expression comes from here. A zone argument is an SQL expression: a column, or
    shop_zone().
-#}

{% macro timestamptz_type() -%}timestamptz{%- endmacro %}


{% macro as_of() -%}
    cast('{{ var("as_of") }}' as {{ winback.timestamptz_type() }})
{%- endmacro %}

{% macro shop_zone() -%}'{{ var("shop_timezone") }}'{%- endmacro %}

{% macro as_of_date() -%}
    {{ winback.local_date(winback.as_of(), winback.shop_zone()) }}
{%- endmacro %}


{#- An instant to the wall clock of a zone, a timestamp without zone. -#}
{% macro to_local(instant, zone) -%}
    timezone({{ zone }}, {{ instant }})
{%- endmacro %}


{#- The instant at which a full hour, 0 to 23, begins on the day that it is in a zone. -#}
{% macro at_local_hour(hour, instant, zone) -%}
    {{ winback.from_local(
        dbt.dateadd(
            'hour', hour,
            'cast(' ~ winback.local_date(instant, zone) ~ ' as timestamp)'
        ),
        zone
    ) }}
{%- endmacro %}


{#- A wall clock (timestamp without zone) in a zone to its instant. -#}
{% macro from_local(wall_clock, zone) -%}
    timezone({{ zone }}, cast({{ wall_clock }} as timestamp))
{%- endmacro %}


{% macro local_date(instant, zone) -%}
    cast({{ winback.to_local(instant, zone) }} as date)
{%- endmacro %}


{#- The first moment of an instant's month on the wall clock of the shop. -#}
{% macro shop_month(instant) -%}
    {{ dbt.date_trunc('month', winback.to_local(instant, winback.shop_zone())) }}
{%- endmacro %}


{#- A minute of a local day, counted from its midnight on the wall clock, to its instant. -#}
{% macro local_minute(day, minute, zone) -%}
    {{ winback.from_local(
        dbt.dateadd('minute', minute, 'cast(' ~ day ~ ' as timestamp)'), zone
    ) }}
{%- endmacro %}


{#- An instant to the wall clock of UTC, a timestamp without zone, at no cost. -#}
{% macro utc_clock(instant) -%}
    make_timestamp(epoch_us({{ instant }}))
{%- endmacro %}


{#- An instant to its day in UTC. Days between two such are counted a hundred times as fast. -#}
{% macro utc_date(instant) -%}
    cast({{ winback.utc_clock(instant) }} as date)
{%- endmacro %}


{#-
    How far the wall clock of a zone is from that of UTC, of rows of zones and days of UTC:
    null where it changes within the day, so that the instant itself is to be converted. To
    convert one costs thirty times an addition, and zones and days are few.
-#}
{% macro zone_offsets(days) -%}
    select
        zone,
        utc_date,
        case when opening_offset = closing_offset then opening_offset end
            as day_offset
    from (
        select
            zone,
            utc_date,
            {{ winback.offset_at('utc_date', 'zone') }} as opening_offset,
            {{ winback.offset_at(dbt.dateadd('day', 1, 'utc_date'), 'zone') }}
                as closing_offset
        from {{ days }}
    ) as both_ends
{%- endmacro %}

{% macro offset_at(utc_date, zone) -%}
    {%- set midnight = 'cast(' ~ utc_date ~ ' as timestamp)' -%}
    {{ winback.to_local(winback.from_local(midnight, "'UTC'"), zone) }}
    - {{ midnight }}
{%- endmacro %}
