with

zone_sets as (

    select * from {{ ref('int_decisions__zone_sets') }}

),

customer_places as (

    select * from {{ ref('int_customers__places') }}

),

customer_zones as (

    select * from {{ ref('int_customers__zones') }}

),

hours as (

    select * from {{ ref('int_decisions__hours') }}

),

-- Customers at the same places share their windows: one of them stands for all.
sets as (

    select
        channel_group,
        places,
        zones,
        min(customer_id) as customer_id

    from zone_sets
    group by channel_group, places, zones

),

set_places as (

    select
        sets.channel_group,
        sets.places,
        sets.zones,
        coalesce(customer_places.place, '*') as place

    from sets
    left join customer_places
        on sets.customer_id = customer_places.customer_id

),

set_zones as (

    select
        sets.channel_group,
        sets.places,
        sets.zones,
        coalesce(customer_zones.zone, {{ shop_zone() }}) as zone

    from sets
    left join customer_zones
        on sets.customer_id = customer_zones.customer_id

),

place_counts as (

    select
        channel_group,
        places,
        zones,
        count(*) as place_count

    from set_places
    group by channel_group, places, zones

),

zone_counts as (

    select
        channel_group,
        places,
        zones,
        count(*) as zone_count

    from set_zones
    group by channel_group, places, zones

),

-- The strictest of all places, on days that are open in each of them.
open_days as (

    select
        set_places.channel_group,
        set_places.places,
        set_places.zones,
        hours.local_day,
        max(hours.opens_minute) as opens_minute,
        min(hours.closes_minute) as closes_minute,
        count(*) as open_place_count

    from set_places
    inner join hours
        on
            set_places.channel_group = hours.channel_group
            and set_places.place = hours.place
    group by
        set_places.channel_group,
        set_places.places,
        set_places.zones,
        hours.local_day

),

set_days as (

    select open_days.*

    from open_days
    inner join place_counts
        on
            open_days.channel_group = place_counts.channel_group
            and open_days.places = place_counts.places
            and open_days.zones = place_counts.zones
            and open_days.open_place_count = place_counts.place_count
    where open_days.opens_minute < open_days.closes_minute

),

zone_windows as (

    select
        set_days.channel_group,
        set_days.places,
        set_days.zones,
        set_zones.zone,
        set_days.opens_minute,
        set_days.closes_minute,
        {{ from_local(
            dbt.dateadd(
                'minute',
                'set_days.opens_minute',
                'cast(set_days.local_day as timestamp)'
            ),
            'set_zones.zone'
        ) }} as opens_at,
        {{ from_local(
            dbt.dateadd(
                'minute',
                'set_days.closes_minute',
                'cast(set_days.local_day as timestamp)'
            ),
            'set_zones.zone'
        ) }} as closes_at

    from set_days
    inner join set_zones
        on
            set_days.channel_group = set_zones.channel_group
            and set_days.places = set_zones.places
            and set_days.zones = set_zones.zones

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
        min(open_windows.closes_minute) as closes_minute,
        count(distinct open_windows.zone) as open_zone_count

    from zone_windows as begun
    inner join zone_windows as open_windows
        on
            begun.channel_group = open_windows.channel_group
            and begun.places = open_windows.places
            and begun.zones = open_windows.zones
            and begun.opens_at >= open_windows.opens_at
            and begun.opens_at < open_windows.closes_at
    group by
        begun.channel_group,
        begun.places,
        begun.zones,
        begun.opens_at

),

upcoming as (

    select
        common_windows.*,
        row_number() over (
            partition by
                common_windows.channel_group,
                common_windows.places,
                common_windows.zones
            order by common_windows.opens_at
        ) as window_rank

    from common_windows
    inner join zone_counts
        on
            common_windows.channel_group = zone_counts.channel_group
            and common_windows.places = zone_counts.places
            and common_windows.zones = zone_counts.zones
            and common_windows.open_zone_count = zone_counts.zone_count
    where common_windows.closes_at > {{ as_of() }}

),

final as (

    select
        -- ids
        channel_group,
        places,
        zones,

        -- timestamps
        opens_at,
        closes_at,

        -- minutes of the local day
        cast(opens_minute as bigint) as opens_minute,
        cast(closes_minute as bigint) as closes_minute

    from upcoming
    where window_rank = 1

)

select * from final
