{{ config(materialized='view') }}
{%- set regions = var('countries_with_regions') %}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

-- One letter goes to one name: who shares the house has an address of their own.
lines as (

    select
        customer_id,
        coalesce(
            address_name,
            {{ address_line("concat_ws(' ', first_name, last_name)") }}
        ) as address_name,
        address_line1,
        coalesce(address_line2, '') as address_line2,
        {{ address_line('postal_code') }} as postal_code,
        city,
        coalesce({{ address_line('region') }}, '') as region,
        lower(country) as country,
        country in ('{{ regions | join("', '") }}')  -- noqa: LT05
        and region is null as lacks_region

    from customers

),

-- What can't arrive is not printed. An empty line stays, so that each is known by its place.
final as (

    select
        -- ids
        customer_id,

        -- contact data
        case
            when
                address_name is not null
                and address_line1 is not null
                and postal_code is not null
                and city is not null
                and country is not null
                and not lacks_region
                then concat_ws(
                    chr(10), address_name, address_line1, address_line2,
                    postal_code, city, region, country
                )
        end as address,

        -- facts
        address_line1 is not null as is_given

    from lines
    {% if 'direct_mail' not in known_channels() -%}
    where false
    {%- endif %}

)

select * from final
