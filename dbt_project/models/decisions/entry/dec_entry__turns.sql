{{ config(materialized='view') }}
{%- set in_turn -%}
    over (
            partition by
                customer_id,
                may_enter,
                case when runs_beside then playbook_id end
            order by family_priority, playbook_priority
        )
{%- endset %}

with

rules as (

    select * from {{ ref('dec_entry__rules') }}

),

-- One playbook a customer: the first that may have them; beside it, what runs beside.
chosen as (

    select
        *,
        first_value(playbook_id) {{ in_turn }} as first_playbook_id,
        first_value(segment) {{ in_turn }} as first_segment

    from rules

),

final as (

    select
        *,
        not may_enter or first_playbook_id = playbook_id as ok_other_playbook

    from chosen

)

-- The columns of dec_entry__rules and those that are added here.
select * from final -- noqa: AM04
