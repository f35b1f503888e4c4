with

readings as (

    select * from {{ ref('int_phones__readings') }}

),

phone_rewrites as (

    select * from {{ ref('phone_rewrites') }}

),

-- What the plan has for the spelling: no trunk prefix before it.
bare as (

    select
        spelling,
        country,
        reading,
        calling_code,
        trunk,
        lengths,
        lengths_with_trunk,
        national_number as as_told,
        case
            when {{ has_trunk('national_number') }}
                then substr(national_number, 1 + length(trunk))
            else national_number
        end as national_number

    from readings

),

-- No prefix of a calling code and length begins another one.
rewritten as (

    select
        bare.spelling,
        bare.country,
        bare.reading,
        concat(
            coalesce(phone_rewrites.instead, ''),
            substr(bare.national_number, 1 + length(phone_rewrites.prefix))
        ) as national_number

    from bare
    inner join phone_rewrites
        on
            bare.calling_code = phone_rewrites.calling_code
            and length(bare.national_number) = phone_rewrites.length
            and bare.national_number like concat(phone_rewrites.prefix, '%')

),

lines as (

    select
        bare.spelling,
        bare.country,
        bare.reading,
        bare.calling_code,
        bare.trunk,
        bare.lengths,
        bare.lengths_with_trunk,
        bare.as_told,
        coalesce(rewritten.national_number, bare.national_number)
            as national_number

    from bare
    left join rewritten
        on
            bare.spelling = rewritten.spelling
            and bare.country = rewritten.country
            and bare.reading = rewritten.reading

),

checked as (

    select
        spelling,
        country,
        reading,
        coalesce(calling_code, '') as calling_code,
        as_told,
        national_number,
        coalesce(
            {{ lists('lengths', 'length(national_number)') }}
            and not {{ has_trunk('national_number') }},
            false
        ) as is_possible

    from lines

),

-- Of a length that its plan doesn't know it stays as it was told; but what was told
-- without a plus is then no number.
told as (

    select
        spelling,
        country,
        calling_code,
        is_possible,
        case when is_possible then national_number else as_told end
            as national_number

    from checked
    where
        is_possible
        or reading = 'abroad'

),

final as (

    select
        -- ids
        spelling,
        country,

        -- contact data
        concat('+', min(calling_code), min(national_number)) as address,

        -- facts
        min(calling_code) as calling_code,
        min(national_number) as national_number,
        min(case when is_possible then 1 else 0 end) = 1 as is_possible

    from told
    where {{ is_phone("concat('+', calling_code, national_number)") }}
    group by
        spelling,
        country
    -- Two readings are none.
    having count(distinct national_number) = 1

)

select * from final
