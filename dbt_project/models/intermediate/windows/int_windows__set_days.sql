with

zone_sets as (

    select * from {{ ref('int_windows__zone_sets') }}

),

customer_places as (

    select * from {{ ref('int_customers__places') }}

),

own_hours as (

    select * from {{ ref('int_windows__own_hours') }}

),

law_hours as (

    select * from {{ ref('int_windows__law_hours') }}

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
        coalesce(customer_places.place, '*') as place,
        count(*) over (
            partition by sets.channel_group, sets.places, sets.zones
        ) as place_count

    from sets
    left join customer_places
        on sets.customer_id = customer_places.customer_id

),

-- Fail closed: a day that any place has no hours of ours for, or no law, is closed.
open_days as (

    select
        set_places.channel_group,
        set_places.places,
        set_places.zones,
        own_hours.local_day,
        max(own_hours.opens_minute) as own_opens_minute,
        min(own_hours.closes_minute) as own_closes_minute,
        max(law_hours.opens_minute) as law_opens_minute,
        min(law_hours.closes_minute) as law_closes_minute

    from set_places
    inner join own_hours
        on
            set_places.channel_group = own_hours.channel_group
            and set_places.place = own_hours.place
    inner join law_hours
        on
            own_hours.channel_group = law_hours.channel_group
            and own_hours.place = law_hours.place
            and own_hours.local_day = law_hours.local_day
    group by
        set_places.channel_group,
        set_places.places,
        set_places.zones,
        own_hours.local_day,
        set_places.place_count
    having count(*) = set_places.place_count

),

final as (

    select
        -- ids
        channel_group,
        places,
        zones,
        local_day,

        -- minutes of the local day
        cast(own_opens_minute as bigint) as own_opens_minute,
        cast(own_closes_minute as bigint) as own_closes_minute,
        cast(law_opens_minute as bigint) as law_opens_minute,
        cast(law_closes_minute as bigint) as law_closes_minute,
        cast(
            greatest(own_opens_minute, law_opens_minute) as bigint
        ) as opens_minute,
        cast(
            least(own_closes_minute, law_closes_minute) as bigint
        ) as closes_minute

    from open_days
    where law_opens_minute < law_closes_minute

)

select * from final
