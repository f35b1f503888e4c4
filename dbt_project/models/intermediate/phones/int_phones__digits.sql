with

customers as (

    select * from {{ ref('int_customers__known') }}

),

phone_plans as (

    select * from {{ ref('phone_plans') }}

),

spellings as (

    select distinct
        phone as spelling,
        coalesce(country, '') as country

    from customers
    where phone is not null

),

-- Most are plain, and need no work; what is very long is no phone.
bare as (

    select
        spelling,
        country,
        case
            when {{ matches('spelling', '^[+]?[1-9][0-9]*$') }} then spelling
            when length(spelling) <= 64 then {{ bare_phone('spelling') }}
        end as bare

    from spellings

),

dialled as (

    select
        bare.spelling,
        bare.country,
        home.calling_code as home_code,
        home.trunk as home_trunk,
        home.lengths as home_lengths,
        home.lengths_with_trunk as home_lengths_with_trunk,
        home.mobile_lengths as home_mobile_lengths,
        coalesce(home.international_prefix, '00') as international_prefix,
        {{ digits_of_bare_phone('bare.bare') }} as digits

    from bare
    left join phone_plans as home
        on
            bare.country = home.country
            and home.country != '*'

),

readable as (

    select
        *,
        -- What follows the plus, or what is dialled for it.
        case
            when digits like '+%' then substr(digits, 2)
            when digits like concat(international_prefix, '%')
                then substr(digits, 1 + length(international_prefix))
            when digits like '00%' then substr(digits, 3)
        end as abroad

    from dialled
    where {{ matches('digits', '^[+]?[0-9]+$') }}

),

final as (

    select
        -- ids
        spelling,
        country,

        -- contact data
        digits,
        abroad,

        -- the plan of the country
        home_code,
        home_trunk,
        home_lengths,
        home_lengths_with_trunk,
        home_mobile_lengths

    from readable

)

select * from final
