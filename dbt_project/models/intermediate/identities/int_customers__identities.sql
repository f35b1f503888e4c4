{%- set rounds = range(1, var('identity_rounds') + 1) -%}
{%- set last = var('identity_rounds') -%}

with

customers as (

    select * from {{ ref('int_customers__known') }}

),

links as (

    select * from {{ ref('int_customers__links') }}

),

joining as (

    select
        customer_id,
        link,
        is_person,
        customer_id as person_id,
        customer_id as household_id

    from links
    where not is_of_many

),

-- In each round the smallest id that is known of goes one link further.
{% for round in rounds -%}
{%- set before = 'joining' if loop.first else 'told_' ~ (round - 1) -%}
heard_{{ round }} as (

    select
        customer_id,
        link,
        is_person,
        case
            when is_person
                then min(person_id) over (partition by link, is_person)
            else person_id
        end as person_id,
        min(household_id) over (partition by link) as household_id

    from {{ before }}

),

told_{{ round }} as (

    select
        customer_id,
        link,
        is_person,
        min(person_id) over (partition by customer_id) as person_id,
        min(household_id) over (partition by customer_id) as household_id

    from heard_{{ round }}

),

{% endfor -%}
-- A link whose owners still know of different ids: there was more to follow.
loose as (

    select
        *,
        min(household_id) over (partition by link)
        != max(household_id) over (partition by link)
        or (
            is_person
            and min(person_id) over (partition by link)
            != max(person_id) over (partition by link)
        ) as is_loose

    from told_{{ last }}

),

joined as (

    select
        customer_id,
        person_id,
        household_id,
        max(case when is_loose then 1 else 0 end) as loose_count

    from loose
    group by customer_id, person_id, household_id

),

sized as (

    select
        *,
        count(*) over (partition by person_id) as person_size,
        count(*) over (partition by household_id) as household_size,
        max(loose_count) over (partition by person_id) as person_loose_count,
        max(loose_count) over (partition by household_id)
            as household_loose_count

    from joined

),

kinds as (

    select
        customer_id,
        {{ sorted_list(
            "case when not is_of_many then kind end"
        ) }} as joined_by,
        {{ sorted_list("case when is_of_many then kind end") }} as of_many

    from links
    group by customer_id

),

final as (

    select
        -- ids
        customers.customer_id,
        coalesce(sized.person_id, customers.customer_id) as person_id,
        coalesce(sized.household_id, customers.customer_id) as household_id,

        -- numerics
        cast(coalesce(sized.person_size, 1) as bigint) as person_size,
        cast(coalesce(sized.household_size, 1) as bigint) as household_size,

        -- facts
        coalesce(kinds.joined_by, '') as joined_by,
        coalesce(kinds.of_many, '') as of_many,
        coalesce(
            sized.person_loose_count + sized.household_loose_count, 0
        ) = 0
        and coalesce(sized.household_size, 1)
        <= {{ var('person_max_ids') }} as is_whole

    from customers
    left join sized
        on customers.customer_id = sized.customer_id
    left join kinds
        on customers.customer_id = kinds.customer_id

)

select * from final
