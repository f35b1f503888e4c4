with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

phone_zones as (

    select * from {{ ref('phone_zones') }}

),

-- All channels of a phone have its one number.
-- An area code (1 and three digits) or a country code of one to three digits;
-- no prefix in the seed begins another one, so that at most one of these
-- matches.
prefixes as (

    {% for digits in range(1, 5) %}
    select
        customer_id,
        substr(address, 2, {{ digits }}) as prefix

    from contact_points
    where
        channel = 'sms'
        and address is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

final as (

    select
        -- ids
        prefixes.customer_id,
        phone_zones.zone,

        -- facts
        phone_zones.country,
        phone_zones.region,
        phone_zones.is_wide_country

    from prefixes
    inner join phone_zones
        on prefixes.prefix = phone_zones.prefix

)

select * from final
