with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

customers as (

    select * from {{ ref('int_customers__traits') }}

),

zones as (

    select * from {{ ref('int_customers__zones') }}

),

contact_windows as (

    select distinct
        channel_group,
        country

    from {{ ref('contact_windows') }}

),

channel_groups as (

    select
        customer_id,
        channel_group,
        max(address) as address

    from contact_points
    group by customer_id, channel_group

),

zone_lists as (

    select
        customer_id,
        {{ sorted_list('zone') }} as zones,
        min(zone) as range_zone

    from zones
    group by customer_id

),

-- A North American number without a country is held to the law of the US, the
-- stricter of the two large countries behind +1.
located as (

    select
        channel_groups.customer_id,
        channel_groups.channel_group,
        coalesce(
            customers.country,
            case
                when
                    channel_groups.channel_group = 'phone'
                    and channel_groups.address like '+1%'
                    then 'US'
            end
        ) as country

    from channel_groups
    left join customers
        on channel_groups.customer_id = customers.customer_id

),

final as (

    select
        -- ids
        located.customer_id,
        located.channel_group,

        -- place
        coalesce(contact_windows.country, '*') as window_country,
        coalesce(zone_lists.zones, {{ shop_zone() }}) as zones,
        coalesce(zone_lists.range_zone, {{ shop_zone() }}) as range_zone

    from located
    left join contact_windows
        on
            located.channel_group = contact_windows.channel_group
            and located.country = contact_windows.country
    left join zone_lists
        on located.customer_id = zone_lists.customer_id

)

select * from final
