{{ config(materialized='view') }}

{%- set rounds = range(1, var('identity_rounds') + 1) -%}
{%- set last = var('identity_rounds') -%}

with

links as (

    select * from {{ ref('int_customers__links') }}
    where not is_of_many

),

joining as (

    select
        customer_id,
        link,
        is_person,
        customer_id as person_id,
        customer_id as household_id

    from links

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

final as (

    select
        -- ids
        customer_id,
        person_id,
        household_id,

        -- facts
        max(case when is_loose then 1 else 0 end) = 1 as is_loose

    from loose
    group by customer_id, person_id, household_id

)

select * from final
