with

customers as (

    select * from {{ ref('int_customers__known') }}

),

phone_numbers as (

    select * from {{ ref('int_phones__numbers') }}

),

postal_addresses as (

    select * from {{ ref('int_customers__postal_addresses') }}

),

given as (

    select
        customer_id,
        'email' as channel,
        'email' as channel_group,
        email is not null as is_given,
        {{ normalized_email('email') }} as address

    from customers

    {% for channel in known_channels()
        if channel not in ['email', 'direct_mail'] -%}
    union all

    select
        customers.customer_id,
        '{{ channel }}' as channel,
        'phone' as channel_group,
        customers.phone is not null as is_given,
        phone_numbers.address

    from customers
    left join phone_numbers
        on
            customers.phone = phone_numbers.spelling
            and coalesce(customers.country, '') = phone_numbers.country
    {% endfor %}
    union all

    select
        customer_id,
        'direct_mail' as channel,
        'post' as channel_group,
        is_given,
        address

    from postal_addresses

),

checked as (

    select
        *,
        coalesce(
            case channel_group
                when 'email' then {{ is_email('address') }}
                when 'phone' then {{ is_phone('address') }}
                when 'post' then address is not null
            end,
            false
        ) as is_well_formed

    from given

),

final as (

    select
        -- ids
        customer_id,
        channel,
        channel_group,

        -- contact data
        case when is_well_formed then address end as address,

        -- facts
        is_given,
        is_well_formed

    from checked

)

select * from final
