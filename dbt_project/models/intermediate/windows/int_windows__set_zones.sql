with

zone_sets as (

    select * from {{ ref('int_windows__zone_sets') }}

),

customer_zones as (

    select * from {{ ref('int_customers__zones') }}

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

final as (

    select
        -- ids
        sets.channel_group,
        sets.places,
        sets.zones,
        coalesce(customer_zones.zone, {{ shop_zone() }}) as zone

    from sets
    left join customer_zones
        on sets.customer_id = customer_zones.customer_id

)

select * from final
