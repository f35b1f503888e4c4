with

customers as (

    select * from {{ ref('int_customers__known') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

dialing as (

    select * from {{ ref('int_customers__dialing') }}

),

place_zones as (

    select * from {{ ref('place_zones') }}

),

postal_zones as (

    select * from {{ ref('postal_zones') }}

),

-- A ZIP code that lost its first zero in a spreadsheet would name another place: only
-- whole codes of the US and Canada are read.
addresses as (

    select
        customer_id,
        country,
        {{ remove_matches('region', '^[A-Z][A-Z]-') }} as region_text,
        case
            when {{ matches(
                'postal_code',
                '^([0-9]{5}(-?[0-9]{4})?|[A-Za-z][0-9][A-Za-z].?[0-9][A-Za-z][0-9])$'
            ) }}
                then upper(postal_code)
        end as postal_code

    from customers
    where country is not null

),

-- A region goes by its code, with or without the country's, or by its name.
region_names as (

    select
        country,
        region,
        region as region_text

    from place_zones
    where region != '*'

    union distinct

    select
        country,
        region,
        region_name as region_text

    from place_zones
    where region != '*'

),

addressed as (

    select
        addresses.customer_id,
        addresses.country,
        coalesce(region_names.region, '*') as region

    from addresses
    left join region_names
        on
            addresses.country = region_names.country
            and addresses.region_text = region_names.region_text

),

-- A letter in Canada, three digits in the US.
postal_prefixes as (

    {% for length in (1, 3) %}
    select
        customer_id,
        country,
        substr(postal_code, 1, {{ length }}) as prefix

    from addresses
    where postal_code is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

posted as (

    select distinct
        postal_prefixes.customer_id,
        postal_prefixes.country,
        postal_zones.region,
        postal_prefixes.prefix

    from postal_prefixes
    inner join postal_zones
        on
            postal_prefixes.country = postal_zones.country
            and postal_prefixes.prefix = postal_zones.prefix

),

dialed as (

    select distinct
        customer_id,
        country,
        region

    from dialing

),

-- Toll-free and the like: a number of North America that tells no place is held to the
-- law of the US, the stricter of its two large countries.
placeless_numbers as (

    select distinct
        contact_points.customer_id,
        'US' as country,
        '*' as region

    from contact_points
    left join dialing
        on contact_points.customer_id = dialing.customer_id
    where
        contact_points.channel_group = 'phone'
        and contact_points.address like '+1%'
        and dialing.customer_id is null

),

-- Orders have no address of their own: shipping and billing places would be further
-- branches here.
candidates as (

    select
        customer_id,
        country,
        region,
        null as postal_prefix,
        'address' as source

    from addressed

    union all

    select
        customer_id,
        country,
        region,
        prefix as postal_prefix,
        'postal_code' as source

    from posted

    union all

    select
        customer_id,
        country,
        region,
        null as postal_prefix,
        'phone' as source

    from dialed

    union all

    select
        customer_id,
        country,
        region,
        null as postal_prefix,
        'phone' as source

    from placeless_numbers

),

places as (

    select
        customer_id,
        country,
        region,
        max(postal_prefix) as postal_prefix,
        max(case when source = 'address' then 1 else 0 end) = 1
            as is_from_address,
        max(case when source = 'postal_code' then 1 else 0 end) = 1
            as is_from_postal_code,
        max(case when source = 'phone' then 1 else 0 end) = 1 as is_from_phone

    from candidates
    group by customer_id, country, region

),

ranked as (

    select
        *,
        max(case when region != '*' then 1 else 0 end) over (
            partition by customer_id, country
        ) = 1 as has_region

    from places

),

-- An address that names only the country adds nothing once a region of it is known.
final as (

    select
        -- ids
        customer_id,
        country,
        region,

        -- facts
        case when region = '*' then country else country || '-' || region end
            as place,
        postal_prefix,
        is_from_address,
        is_from_postal_code,
        is_from_phone

    from ranked
    where region != '*' or not has_region

)

select * from final
