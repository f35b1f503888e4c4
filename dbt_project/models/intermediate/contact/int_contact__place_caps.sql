with

places as (

    select * from {{ ref('int_customers__places') }}

),

caps as (

    select * from {{ ref('contact_caps') }}

),

-- The strictest of all places that the customer may be in; where nothing tells the
-- region, of every region.
final as (

    select
        places.customer_id,
        min(caps.max_per_24h) as max_per_24h

    from places
    inner join caps
        on
            places.country = caps.country
            and (places.region = '*' or caps.region in (places.region, '*'))
    group by places.customer_id

)

select * from final
