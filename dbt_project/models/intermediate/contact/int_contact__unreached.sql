with

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

phone_numbers as (

    select * from {{ ref('int_phones__numbers') }}

),

phone_kinds as (

    select * from {{ ref('phone_kinds') }}

),

unreached_numbers as (

    select * from {{ ref('unreached_numbers') }}

),

numbers as (

    select distinct
        address,
        calling_code,
        national_number,
        is_possible

    from phone_numbers

),

-- As many digits of a number as one prefix has, and then of the next.
prefix_lengths as (

    select distinct
        calling_code,
        length(coalesce(prefix, '')) as prefix_length

    from phone_kinds

),

beginnings as (

    select
        numbers.address,
        numbers.calling_code,
        substr(numbers.national_number, 1, prefix_lengths.prefix_length)
            as prefix

    from numbers
    inner join prefix_lengths
        on numbers.calling_code = prefix_lengths.calling_code

),

-- What is no person's mobile takes no texts; a fixed line still rings.
no_mobiles as (

    select
        beginnings.address,
        phone_kinds.kind

    from beginnings
    inner join phone_kinds
        on
            beginnings.calling_code = phone_kinds.calling_code
            and beginnings.prefix = coalesce(phone_kinds.prefix, '')

),

reasons as (

    select
        contact_points.customer_id,
        contact_points.channel,
        'length' as reason

    from contact_points
    inner join numbers
        on contact_points.address = numbers.address
    where not numbers.is_possible
    union all
    select
        contact_points.customer_id,
        contact_points.channel,
        no_mobiles.kind as reason

    from contact_points
    inner join no_mobiles
        on contact_points.address = no_mobiles.address
    where
        contact_points.channel != 'voice'
        or no_mobiles.kind != 'fixed_line'
    union all
    -- Whose number the channel does not deliver to.
    select
        contact_points.customer_id,
        contact_points.channel,
        'channel' as reason

    from contact_points
    inner join unreached_numbers
        on
            contact_points.channel = unreached_numbers.channel
            and contact_points.address
            like concat(unreached_numbers.prefix, '%')

),

final as (

    select
        -- ids
        customer_id,
        channel,

        -- facts
        min(reason) as reason

    from reasons
    group by
        customer_id,
        channel

)

select * from final
