with

zone_sets as (

    select * from {{ ref('int_windows__zone_sets') }}

),

set_days as (

    select * from {{ ref('int_windows__set_days') }}

),

set_zones as (

    select * from {{ ref('int_windows__set_zones') }}

),

windows as (

    select * from {{ ref('int_windows__next_windows') }}

),

-- Only where our own hours leave nothing.
days_without_window as (

    select set_days.*

    from set_days
    left join windows
        on
            set_days.channel_group = windows.channel_group
            and set_days.places = windows.places
            and set_days.zones = windows.zones
    where windows.zones is null

),

{{ common_windows(
    'days_without_window', 'law_opens_minute', 'law_closes_minute'
) }},

clocks as (

    select distinct
        channel_group,
        places,
        zones,
        range_zone

    from zone_sets

),

lawful as (

    select
        common_windows.*,
        clocks.range_zone,
        {{ local_date('common_windows.opens_at', 'clocks.range_zone') }}
            as local_day

    from common_windows
    inner join clocks
        on
            common_windows.channel_group = clocks.channel_group
            and common_windows.places = clocks.places
            and common_windows.zones = clocks.zones

),

-- What we would like: our hours of that day on the person's own clock. Where those of
-- two places miss each other, it is what lies between them.
final as (

    select
        -- ids
        lawful.channel_group,
        lawful.places,
        lawful.zones,
        lawful.range_zone,
        lawful.local_day,

        -- timestamps
        lawful.opens_at,
        lawful.closes_at,
        {{ local_minute(
            'lawful.local_day',
            'least(set_days.own_opens_minute, set_days.own_closes_minute)',
            'lawful.range_zone'
        ) }} as own_opens_at,
        {{ local_minute(
            'lawful.local_day',
            'greatest(set_days.own_opens_minute, set_days.own_closes_minute)',
            'lawful.range_zone'
        ) }} as own_closes_at,

        -- minutes of the local day
        lawful.opens_minute,
        lawful.closes_minute

    from lawful
    inner join set_days
        on
            lawful.channel_group = set_days.channel_group
            and lawful.places = set_days.places
            and lawful.zones = set_days.zones
            and lawful.local_day = set_days.local_day

)

select * from final
