{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

postal_zones as (

    select * from {{ ref('postal_zones') }}

),

-- A ZIP code that lost its first zero in a spreadsheet would name another place: only
-- whole codes of the US and Canada are read.
whole_codes as (

    select
        customer_id,
        country,
        upper(postal_code) as postal_code

    from customers
    where {{ matches(
        'postal_code',
        '^([0-9]{5}(-?[0-9]{4})?|[A-Za-z][0-9][A-Za-z].?[0-9][A-Za-z][0-9])$'
    ) }}

),

-- A letter in Canada, three digits in the US.
prefixes as (

    {% for length in (1, 3) %}
    select
        customer_id,
        country,
        substr(postal_code, 1, {{ length }}) as prefix

    from whole_codes
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

final as (

    select distinct
        -- ids
        prefixes.customer_id,
        prefixes.country,
        postal_zones.region,

        -- facts
        prefixes.prefix as postal_prefix

    from prefixes
    inner join postal_zones
        on
            prefixes.country = postal_zones.country
            and prefixes.prefix = postal_zones.prefix

)

select * from final
