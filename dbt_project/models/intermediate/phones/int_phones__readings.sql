with

phone_digits as (

    select * from {{ ref('int_phones__digits') }}

),

phone_plans as (

    select * from {{ ref('phone_plans') }}

),

-- A calling code has one to three digits, and none begins another.
international as (

    {% for digits in range(1, 4) %}
    select
        phone_digits.spelling,
        phone_digits.country,
        'abroad' as reading,
        plans.calling_code,
        plans.trunk,
        plans.lengths,
        plans.lengths_with_trunk,
        substr(phone_digits.abroad, {{ digits + 1 }}) as national_number

    from phone_digits
    inner join phone_plans as plans
        on
            substr(phone_digits.abroad, 1, {{ digits }}) = plans.calling_code
            and length(plans.calling_code) = {{ digits }}
            and plans.country = '*'
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

home as (

    select
        spelling,
        country,
        home_code as calling_code,
        home_trunk as trunk,
        home_lengths as lengths,
        home_lengths_with_trunk as lengths_with_trunk,
        home_mobile_lengths as mobile_lengths,
        digits

    from phone_digits
    where
        abroad is null
        and home_code is not null

),

-- Who leaves the trunk prefix out, or lost it to a spreadsheet, means a mobile.
national as (

    select
        spelling,
        country,
        'home' as reading,
        calling_code,
        trunk,
        case
            when trunk is null or {{ has_trunk('digits') }} then lengths
            else mobile_lengths
        end as lengths,
        lengths_with_trunk,
        digits as national_number

    from home

),

-- The plus got lost.
without_plus as (

    select
        spelling,
        country,
        'without plus' as reading,
        calling_code,
        trunk,
        case when trunk is null then lengths else mobile_lengths end as lengths,
        lengths_with_trunk,
        substr(digits, 1 + length(calling_code)) as national_number

    from home
    where
        digits like concat(calling_code, '%')
        and not {{ has_trunk('digits') }}

),

unknown_code as (

    select
        phone_digits.spelling,
        phone_digits.country,
        'abroad' as reading,
        cast(null as varchar) as calling_code,
        cast(null as varchar) as trunk,
        cast(null as varchar) as lengths,
        cast(null as varchar) as lengths_with_trunk,
        phone_digits.abroad as national_number

    from phone_digits
    left join international
        on
            phone_digits.spelling = international.spelling
            and phone_digits.country = international.country
    where
        phone_digits.abroad is not null
        and international.spelling is null

),

final as (

    select * from international
    union all
    select * from unknown_code
    union all
    select * from national
    union all
    select * from without_plus

)

select * from final
