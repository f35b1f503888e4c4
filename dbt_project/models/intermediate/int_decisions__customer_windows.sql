with

zone_sets as (

    select * from {{ ref('int_decisions__zone_sets') }}

),

windows as (

    select * from {{ ref('int_decisions__windows') }}

),

final as (

    select
        -- ids
        zone_sets.customer_id,
        zone_sets.channel_group,

        -- place
        zone_sets.places,
        zone_sets.zones,
        zone_sets.range_zone,

        -- timestamps
        windows.opens_at as window_opens_at,
        windows.closes_at as window_closes_at,

        -- minutes of the local day
        windows.opens_minute as local_opens_minute,
        windows.closes_minute as local_closes_minute

    from zone_sets
    left join windows
        on
            zone_sets.channel_group = windows.channel_group
            and zone_sets.places = windows.places
            and zone_sets.zones = windows.zones

)

select * from final
