{#-
    CTEs from the hours of a set's local days to the windows that are open in all of
    its zones at once: `common_windows` is the last. `days` names the CTE or subquery
    with channel_group, places, zones, local_day and the two minutes; the CTE
    `set_zones` must stand before.
-#}
{% macro common_windows(days, opens_minute, closes_minute) %}
zone_counts as (

    select
        channel_group,
        places,
        zones,
        count(*) as zone_count

    from set_zones
    group by channel_group, places, zones

),

zone_windows as (

    select
        days.channel_group,
        days.places,
        days.zones,
        set_zones.zone,
        days.{{ opens_minute }} as opens_minute,
        days.{{ closes_minute }} as closes_minute,
        {{ winback.local_minute(
            'days.local_day', 'days.' ~ opens_minute, 'set_zones.zone'
        ) }} as opens_at,
        {{ winback.local_minute(
            'days.local_day', 'days.' ~ closes_minute, 'set_zones.zone'
        ) }} as closes_at

    from {{ days }} as days
    inner join set_zones
        on
            days.channel_group = set_zones.channel_group
            and days.places = set_zones.places
            and days.zones = set_zones.zones
    where days.{{ opens_minute }} < days.{{ closes_minute }}

),

-- A window of the set begins where one of its zones' windows begins while those of
-- all others are open, and ends with the first that ends.
common_windows as (

    select
        begun.channel_group,
        begun.places,
        begun.zones,
        begun.opens_at,
        min(open_windows.closes_at) as closes_at,
        max(open_windows.opens_minute) as opens_minute,
        min(open_windows.closes_minute) as closes_minute

    from zone_windows as begun
    inner join zone_windows as open_windows
        on
            begun.channel_group = open_windows.channel_group
            and begun.places = open_windows.places
            and begun.zones = open_windows.zones
            and begun.opens_at >= open_windows.opens_at
            and begun.opens_at < open_windows.closes_at
    inner join zone_counts
        on
            begun.channel_group = zone_counts.channel_group
            and begun.places = zone_counts.places
            and begun.zones = zone_counts.zones
    group by
        begun.channel_group,
        begun.places,
        begun.zones,
        begun.opens_at,
        zone_counts.zone_count
    having count(distinct open_windows.zone) = zone_counts.zone_count

)
{% endmacro %}
