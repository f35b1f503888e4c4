with

by_address as (

    select * from {{ ref('int_places__by_address') }}

),

by_postal_code as (

    select * from {{ ref('int_places__by_postal_code') }}

),

by_phone as (

    select * from {{ ref('int_places__by_phone') }}

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

    from by_address

    union all

    select
        customer_id,
        country,
        region,
        postal_prefix,
        'postal_code' as source

    from by_postal_code

    union all

    select
        customer_id,
        country,
        region,
        null as postal_prefix,
        'phone' as source

    from by_phone

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
