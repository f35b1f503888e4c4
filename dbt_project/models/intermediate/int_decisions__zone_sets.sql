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

place_lists as (

    select
        customer_id,
        {{ sorted_list('place') }} as places

    from places
    group by customer_id

),

-- The clock a person goes by: the zone that they stated, else the first by name.
zone_lists as (

    select
        customer_id,
        {{ sorted_list('zone') }} as zones,
        coalesce(
            min(case when source like 'timezone%' then zone end),
            min(zone)
        ) as range_zone

    from zones
    group by customer_id

),

final as (

    select
        -- ids
        channel_groups.customer_id,
        channel_groups.channel_group,

        -- place
        coalesce(place_lists.places, '*') as places,
        coalesce(zone_lists.zones, {{ shop_zone() }}) as zones,
        coalesce(zone_lists.range_zone, {{ shop_zone() }}) as range_zone

    from channel_groups
    left join place_lists
        on channel_groups.customer_id = place_lists.customer_id
    left join zone_lists
        on channel_groups.customer_id = zone_lists.customer_id

)

select * from final
