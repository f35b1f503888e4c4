{{ config(materialized='view') }}

with

turns as (

    select * from {{ ref('dec_entry__turns') }}

),

identities as (

    select * from {{ ref('int_customers__identities') }}

),

identified as (

    select
        turns.*,
        coalesce(identities.person_id, turns.customer_id) as person_id,
        coalesce(identities.household_id, turns.customer_id) as household_id

    from turns
    left join identities
        on turns.customer_id = identities.customer_id

),

-- Of the ids of a person, and of those at one phone, one enters in a run: first whoever
-- is not to be won back, then who bought last. A win-back is for who is the first.
lined_up as (

    select
        *,
        {% for who in ['person', 'household'] -%}
        row_number() over (
            partition by
                {{ who }}_id,
                may_enter and ok_other_playbook and not runs_beside
            order by
                case when is_win_back then 1 else 0 end,
                {{ latest_order_first() }},
                customer_id asc,
                playbook_id asc
        ) as {{ who }}_place,
        {% endfor -%}
        may_enter
        and ok_other_playbook
        and is_win_back
        and not runs_beside as is_in_line

    from identified

),

final as (

    select
        *,
        is_free_of_other_id
        and not (is_in_line and person_place > 1) as ok_other_id,
        is_free_of_household
        and not (
            is_in_line and household_place > 1 and person_place = 1
        ) as ok_household

    from lined_up

)

-- The columns of dec_entry__turns and those that are added here.
select * from final -- noqa: AM04
