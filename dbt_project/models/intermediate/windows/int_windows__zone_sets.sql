with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

places as (

    select * from {{ ref('int_customers__places') }}

),

zones as (

    select * from {{ ref('int_customers__zones') }}

),

channel_groups as (

    select distinct
        customer_id,
        channel_group

    from contact_points

),

place_counts as (

    select
        customer_id,
        count(*) as place_count,
        min(place) as place

    from places
    group by customer_id

),

-- Most customers have one place and one zone, and a list of one needs no sorting.
place_lists as (

    select
        customer_id,
        place as places

    from place_counts
    where place_count = 1

    union all

    select
        places.customer_id,
        {{ sorted_list('places.place') }} as places

    from places
    inner join place_counts
        on places.customer_id = place_counts.customer_id
    where place_counts.place_count > 1
    group by places.customer_id

),

-- The clock a person goes by: the zone that they stated, else the first by name.
zone_counts as (

    select
        customer_id,
        count(*) as zone_count,
        min(zone) as zone,
        coalesce(
            min(case when source like 'timezone%' then zone end),
            min(zone)
        ) as range_zone

    from zones
    group by customer_id

),

zone_lists as (

    select
        customer_id,
        zone as zones

    from zone_counts
    where zone_count = 1

    union all

    select
        zones.customer_id,
        {{ sorted_list('zones.zone') }} as zones

    from zones
    inner join zone_counts
        on zones.customer_id = zone_counts.customer_id
    where zone_counts.zone_count > 1
    group by zones.customer_id

),

final as (

    select
        -- ids
        channel_groups.customer_id,
        channel_groups.channel_group,

        -- place
        coalesce(place_lists.places, '*') as places,
        coalesce(zone_lists.zones, {{ shop_zone() }}) as zones,
        coalesce(zone_counts.range_zone, {{ shop_zone() }}) as range_zone

    from channel_groups
    left join place_lists
        on channel_groups.customer_id = place_lists.customer_id
    left join zone_lists
        on channel_groups.customer_id = zone_lists.customer_id
    left join zone_counts
        on channel_groups.customer_id = zone_counts.customer_id

)

select * from final
