with

zone_sets as (

    select * from {{ ref('int_decisions__zone_sets') }}

),

windows as (

    select * from {{ ref('int_decisions__windows') }}

),

timing as (

    select * from {{ ref('int_customers__timing') }}

),

-- The usual hour of the day on which the window opens.
customer_windows as (

    select
        zone_sets.*,
        windows.opens_at,
        windows.closes_at,
        windows.opens_minute,
        windows.closes_minute,
        {{ from_local(
            dbt.dateadd(
                'hour',
                'timing.usual_hour',
                'cast('
                ~ local_date('windows.opens_at', 'zone_sets.range_zone')
                ~ ' as timestamp)'
            ),
            'zone_sets.range_zone'
        ) }} as usual_at

    from zone_sets
    left join windows
        on
            zone_sets.channel_group = windows.channel_group
            and zone_sets.places = windows.places
            and zone_sets.zones = windows.zones
    left join timing
        on zone_sets.customer_id = timing.customer_id

),

final as (

    select
        -- ids
        customer_id,
        channel_group,

        -- place
        places,
        zones,
        range_zone,

        -- timestamps
        opens_at as window_opens_at,
        closes_at as window_closes_at,
        case
            when usual_at >= opens_at and usual_at < closes_at then usual_at
        end as preferred_at,

        -- minutes of the local day
        opens_minute as local_opens_minute,
        closes_minute as local_closes_minute

    from customer_windows

)

select * from final
