with

zone_sets as (

    select * from {{ ref('int_windows__zone_sets') }}

),

windows as (

    select * from {{ ref('int_windows__next_windows') }}

),

nearest_windows as (

    select * from {{ ref('int_windows__nearest_windows') }}

),

timing as (

    select * from {{ ref('int_customers__timing') }}

),

customer_windows as (

    select
        zone_sets.*,
        coalesce(windows.opens_at, nearest_windows.opens_at) as opens_at,
        coalesce(windows.closes_at, nearest_windows.closes_at) as closes_at,
        coalesce(windows.opens_minute, nearest_windows.opens_minute)
            as opens_minute,
        coalesce(windows.closes_minute, nearest_windows.closes_minute)
            as closes_minute,
        windows.zones is null
        and nearest_windows.zones is not null as is_outside_own_hours,
        coalesce(
            -- A letter has no hour.
            case
                when zone_sets.channel_group != 'post' then timing.usual_click_hour
            end,
            case zone_sets.channel_group
                {% for channel_group, hour in var('shop_hours').items() -%}
                when '{{ channel_group }}'
                    then {{ 'null' if hour is none else hour }}
                {% endfor -%}
            end
        ) as usual_hour

    from zone_sets
    left join windows
        on
            zone_sets.channel_group = windows.channel_group
            and zone_sets.places = windows.places
            and zone_sets.zones = windows.zones
    left join nearest_windows
        on
            zone_sets.channel_group = nearest_windows.channel_group
            and zone_sets.places = nearest_windows.places
            and zone_sets.zones = nearest_windows.zones
            and zone_sets.range_zone = nearest_windows.range_zone
    left join timing
        on zone_sets.customer_id = timing.customer_id

),

-- The usual hour of the day on which the window opens. Once for all who share it:
-- crossing zones is slow.
usual_hours as (

    select distinct
        opens_at,
        range_zone,
        usual_hour

    from customer_windows
    where opens_at is not null and usual_hour is not null

),

usual_times as (

    select
        *,
        {{ at_local_hour('usual_hour', 'opens_at', 'range_zone') }} as usual_at

    from usual_hours

),

final as (

    select
        -- ids
        customer_windows.customer_id,
        customer_windows.channel_group,

        -- place
        customer_windows.places,
        customer_windows.zones,
        customer_windows.range_zone,

        -- timestamps
        customer_windows.opens_at as window_opens_at,
        customer_windows.closes_at as window_closes_at,
        case
            when
                usual_times.usual_at >= customer_windows.opens_at
                and usual_times.usual_at < customer_windows.closes_at
                then usual_times.usual_at
        end as preferred_at,

        -- minutes of the local day
        customer_windows.opens_minute as local_opens_minute,
        customer_windows.closes_minute as local_closes_minute,

        -- facts
        customer_windows.is_outside_own_hours

    from customer_windows
    left join usual_times
        on
            customer_windows.opens_at = usual_times.opens_at
            and customer_windows.range_zone = usual_times.range_zone
            and customer_windows.usual_hour = usual_times.usual_hour

)

select * from final
