{{ config(materialized='view') }}

with

candidates as (

    select * from {{ ref('dec_entry__candidates') }}

),

started as (

    select * from {{ ref('dec_entry__started') }}

),

enrollments as (

    select * from {{ ref('dec_steps__enrollments') }}

),

-- In the playbook now; whoever enters in this run among them.
in_play as (

    select
        started.playbook_id,
        started.customer_id,
        started.enrollment_id,
        started.arm

    from started
    inner join enrollments
        on started.enrollment_id = enrollments.enrollment_id
    where enrollments.exit_reason is null

),

-- The step that the enrollment has come to.
last_decisions as (

    select
        *,
        row_number() over (
            partition by enrollment_id
            order by step desc
        ) as decision_rank

    from {{ ref('dec_steps__decisions') }}

),

population as (

    select
        playbook_id,
        customer_id

    from candidates

    union distinct

    select
        playbook_id,
        customer_id

    from in_play

),

final as (

    select
        -- ids
        population.playbook_id,
        population.customer_id,
        in_play.enrollment_id,

        -- rules
        {% for rule in entry_rule_ids() -%}
        candidates.ok_{{ rule }},
        {% endfor %}
        -- dates
        candidates.waits_until,

        -- facts
        in_play.arm,
        last_decisions.decision,
        last_decisions.ok_budget,
        last_decisions.ok_offer_budget,
        last_decisions.ok_offer_leak,
        last_decisions.ok_offer_stacking,
        last_decisions.send_after_at

    from population
    left join candidates
        on
            population.playbook_id = candidates.playbook_id
            and population.customer_id = candidates.customer_id
    left join in_play
        on
            population.playbook_id = in_play.playbook_id
            and population.customer_id = in_play.customer_id
    left join last_decisions
        on
            in_play.enrollment_id = last_decisions.enrollment_id
            and last_decisions.decision_rank = 1

)

select * from final
