with

lawful_windows as (

    select * from {{ ref('int_windows__lawful_windows') }}

),

-- The part of each lawful window that is in our hours, or the end that is nearest, and
-- how far from them that is.
measured as (

    select
        *,
        least(greatest(own_opens_at, opens_at), closes_at) as from_at,
        least(greatest(own_closes_at, opens_at), closes_at) as until_at,
        greatest(
            {{ dbt.datediff('own_closes_at', 'opens_at', 'minute') }},
            {{ dbt.datediff('closes_at', 'own_opens_at', 'minute') }},
            0
        ) as minutes_off

    from lawful_windows

),

-- Long enough to be met by a run, where the law leaves as much.
nearest as (

    select
        *,
        least(
            greatest(
                until_at,
                {{ dbt.dateadd(
                    'minute', var('shortest_window_minutes'), 'from_at'
                ) }}
            ),
            closes_at
        ) as nearest_closes_at,
        min(minutes_off) over (
            partition by channel_group, places, zones, range_zone, local_day
        ) as fewest_minutes_off

    from measured

),

upcoming as (

    select
        *,
        greatest(
            opens_at,
            least(
                from_at,
                {{ dbt.dateadd(
                    'minute',
                    '-' ~ var('shortest_window_minutes'),
                    'nearest_closes_at'
                ) }}
            )
        ) as nearest_opens_at,
        row_number() over (
            partition by channel_group, places, zones, range_zone
            order by nearest_closes_at
        ) as window_rank

    from nearest
    where
        minutes_off = fewest_minutes_off
        and nearest_closes_at > {{ as_of() }}

),

final as (

    select
        -- ids
        channel_group,
        places,
        zones,
        range_zone,

        -- timestamps
        nearest_opens_at as opens_at,
        nearest_closes_at as closes_at,

        -- minutes of the local day, within which the law lets it be
        cast(opens_minute as bigint) as opens_minute,
        cast(closes_minute as bigint) as closes_minute

    from upcoming
    where window_rank = 1

)

select * from final
