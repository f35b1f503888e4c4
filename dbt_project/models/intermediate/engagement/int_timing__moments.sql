{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

events as (

    select * from {{ ref('int_customers__engagement_events') }}

),

zones as (

    select * from {{ ref('int_customers__zones') }}

),

-- The zone they stated; of several others the first by name, as for the steps' ranges.
customer_zones as (

    select
        customer_id,
        coalesce(
            min(case when source like 'timezone%' then zone end),
            min(zone)
        ) as zone

    from zones
    group by customer_id

),

-- An answer to a message; what people do on the site is no answer.
moments as (

    select
        customer_id,
        'order' as kind,
        ordered_at as happened_at

    from orders

    union all

    select
        customer_id,
        'click' as kind,
        occurred_at as happened_at

    from events
    where channel <> 'web'

),

in_zones as {{ not_materialized() }} (

    select
        moments.customer_id,
        moments.kind,
        moments.happened_at,
        {{ utc_clock('moments.happened_at') }} as utc_clock,
        {{ utc_date('moments.happened_at') }} as utc_date,
        coalesce(customer_zones.zone, {{ shop_zone() }}) as zone

    from moments
    left join customer_zones
        on moments.customer_id = customer_zones.customer_id

),

zone_days as (

    select
        zone,
        utc_date

    from in_zones

    union distinct

    select
        {{ shop_zone() }} as zone,
        utc_date

    from in_zones

),

offsets as (

    {{ zone_offsets('zone_days') }}

),

on_the_clock as (

    select
        in_zones.customer_id,
        in_zones.kind,
        coalesce(
            in_zones.utc_clock + shop_offsets.day_offset,
            {{ to_local('in_zones.happened_at', shop_zone()) }}
        ) as shop_clock,
        coalesce(
            in_zones.utc_clock + own_offsets.day_offset,
            {{ to_local('in_zones.happened_at', 'in_zones.zone') }}
        ) as own_clock

    from in_zones
    left join offsets as shop_offsets
        on
            shop_offsets.zone = {{ shop_zone() }}
            and in_zones.utc_date = shop_offsets.utc_date
    left join offsets as own_offsets
        on
            in_zones.zone = own_offsets.zone
            and in_zones.utc_date = own_offsets.utc_date

),

-- Midnight to the microsecond is a feed that knows days only: such an order has
-- a weekday, the shop's, and no hour.
final as (

    select
        -- ids
        customer_id,

        -- facts
        kind,
        case
            when shop_clock <> cast(cast(shop_clock as date) as timestamp)
                then extract(hour from own_clock)
        end as local_hour,
        case
            when shop_clock = cast(cast(shop_clock as date) as timestamp)
                then {{ iso_weekday('shop_clock') }}
            else {{ iso_weekday('own_clock') }}
        end as local_weekday

    from on_the_clock

)

select * from final
