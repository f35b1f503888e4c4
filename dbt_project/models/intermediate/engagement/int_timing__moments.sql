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

-- The zone that the customer stated; of several others the first by name, as
-- for the ranges of the steps.
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

on_the_clock as (

    select
        moments.customer_id,
        moments.kind,
        {{ to_local('moments.happened_at', shop_zone()) }} as shop_clock,
        {{ to_local(
            'moments.happened_at',
            'coalesce(customer_zones.zone, ' ~ shop_zone() ~ ')'
        ) }} as own_clock

    from moments
    left join customer_zones
        on moments.customer_id = customer_zones.customer_id

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
