with

customers as (

    select * from {{ ref('int_customers__known') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

timezones as (

    select * from {{ ref('timezones') }}

),

place_zones as (

    select * from {{ ref('place_zones') }}

),

phone_zones as (

    select * from {{ ref('phone_zones') }}

),

stated as (

    select
        customers.customer_id,
        timezones.zone,
        'timezone' as source

    from customers
    inner join timezones
        on customers.timezone = timezones.zone

),

-- `*` stands for the whole country, in countries that keep (nearly) one time.
placed as (

    select
        customers.customer_id,
        place_zones.zone,
        'place' as source

    from customers
    inner join place_zones
        on
            customers.country = place_zones.country
            and (
                customers.region in (
                    place_zones.region, place_zones.region_name
                )
                or place_zones.region = '*'
            )

),

-- An area code (+1 and three digits) or a country code of one to three digits; no
-- prefix in the seed begins another one.
phone_prefixes as (

    {% for digits in range(1, 5) %}
    select
        customer_id,
        substr(address, 2, {{ digits }}) as prefix

    from contact_points
    where
        channel_group = 'phone'
        and address is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

dialed as (

    select
        phone_prefixes.customer_id,
        phone_zones.zone,
        'phone' as source

    from phone_prefixes
    inner join phone_zones
        on phone_prefixes.prefix = phone_zones.prefix

),

candidates as (

    select * from stated
    union all
    select * from placed
    union all
    select * from dialed

),

final as (

    select
        -- ids
        customer_id,
        zone,

        -- facts
        concat_ws(
            ',',
            max(case when source = 'timezone' then source end),
            max(case when source = 'place' then source end),
            max(case when source = 'phone' then source end)
        ) as source

    from candidates
    group by customer_id, zone

)

select * from final
