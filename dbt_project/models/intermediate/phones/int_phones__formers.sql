with

phone_numbers as (

    select * from {{ ref('int_phones__numbers') }}

),

phone_plans as (

    select * from {{ ref('phone_plans') }}
    where country = '*'

),

phone_rewrites as (

    select * from {{ ref('phone_rewrites') }}

),

-- Only a hash can't be carried over to the one spelling of its number.
hashed as (

    select address from {{ ref('stg_ledger__suppressions') }}
    where
        lifted_at is null
        and (address like 'hmac:%' or address like 'sha256:%')

),

numbers as (

    select distinct
        address,
        calling_code,
        national_number

    from phone_numbers
    where
        is_possible
        and exists (select 1 from hashed)

),

rewritten as (

    select
        numbers.address,
        numbers.calling_code,
        concat(
            phone_rewrites.prefix,
            substr(
                numbers.national_number,
                1 + length(coalesce(phone_rewrites.instead, ''))
            )
        ) as former_number

    from numbers
    inner join phone_rewrites
        on
            numbers.calling_code = phone_rewrites.calling_code
            and length(numbers.national_number) = phone_rewrites.length
            - length(phone_rewrites.prefix)
            + length(coalesce(phone_rewrites.instead, ''))
            and numbers.national_number
            like concat(coalesce(phone_rewrites.instead, ''), '%')

),

-- In +1 the trunk prefix is the calling code itself.
with_trunk as (

    select
        numbers.address,
        numbers.calling_code,
        concat(plans.trunk, numbers.national_number) as former_number

    from numbers
    inner join phone_plans as plans
        on
            numbers.calling_code = plans.calling_code
            and plans.trunk != plans.calling_code
    where {{ has_trunk('concat(plans.trunk, numbers.national_number)', 'plans') }}

),

final as (

    select distinct
        address,
        concat('+', calling_code, former_number) as spelling

    from (
        select * from rewritten
        union all
        select * from with_trunk
    ) as formers

)

select * from final
