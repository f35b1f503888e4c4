with

zone_sets as (

    select * from {{ ref('int_decisions__zone_sets') }}

),

customer_zones as (

    select * from {{ ref('int_customers__zones') }}

),

contact_windows as (

    select * from {{ ref('contact_windows') }}

),

-- Customers in the same place share their windows.
set_zones as (

    select distinct
        zone_sets.channel_group,
        zone_sets.window_country,
        zone_sets.zones,
        coalesce(customer_zones.zone, {{ shop_zone() }}) as zone

    from zone_sets
    left join customer_zones
        on zone_sets.customer_id = customer_zones.customer_id

),

set_sizes as (

    select
        channel_group,
        window_country,
        zones,
        count(*) as zone_count

    from set_zones
    group by channel_group, window_country, zones

),

-- From yesterday, whose window may be open still.
day_offsets as (

    {% for offset in range(-1, var('window_horizon_days') + 1) %}
    select {{ offset }} as day_offset
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

local_days as (

    select
        set_zones.*,
        cast(
            {{ dbt.dateadd(
                'day',
                'day_offsets.day_offset',
                local_date(as_of(), 'set_zones.zone')
            ) }} as date
        ) as local_day

    from set_zones
    cross join day_offsets

),

zone_windows as (

    select
        local_days.channel_group,
        local_days.window_country,
        local_days.zones,
        local_days.zone,
        contact_windows.opens_minute,
        contact_windows.closes_minute,
        {{ from_local(
            dbt.dateadd(
                'minute',
                'contact_windows.opens_minute',
                'cast(local_days.local_day as timestamp)'
            ),
            'local_days.zone'
        ) }} as opens_at,
        {{ from_local(
            dbt.dateadd(
                'minute',
                'contact_windows.closes_minute',
                'cast(local_days.local_day as timestamp)'
            ),
            'local_days.zone'
        ) }} as closes_at

    from local_days
    inner join contact_windows
        on
            local_days.channel_group = contact_windows.channel_group
            and local_days.window_country = contact_windows.country
            and {{ iso_weekday('local_days.local_day') }}
            = contact_windows.iso_weekday

),

-- A window of the set begins where one of its zones' windows begins while those of
-- all others are open, and ends with the first that ends.
common_windows as (

    select
        begun.channel_group,
        begun.window_country,
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
            and begun.window_country = open_windows.window_country
            and begun.zones = open_windows.zones
            and begun.opens_at >= open_windows.opens_at
            and begun.opens_at < open_windows.closes_at
    group by
        begun.channel_group,
        begun.window_country,
        begun.zones,
        begun.opens_at

),

upcoming as (

    select
        common_windows.*,
        row_number() over (
            partition by
                common_windows.channel_group,
                common_windows.window_country,
                common_windows.zones
            order by common_windows.opens_at
        ) as window_rank

    from common_windows
    inner join set_sizes
        on
            common_windows.channel_group = set_sizes.channel_group
            and common_windows.window_country = set_sizes.window_country
            and common_windows.zones = set_sizes.zones
            and common_windows.open_zone_count = set_sizes.zone_count
    where common_windows.closes_at > {{ as_of() }}

),

final as (

    select
        -- ids
        channel_group,
        window_country,
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
