{{ config(materialized='view') }}

with

choices as (

    select * from {{ ref('stg_ledger__bandit_choices') }}
    where chosen_at <= {{ as_of() }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

response_days as (

    select
        playbook_id,
        step,
        max(response_days) as response_days

    from {{ ref('int_bandit__arms') }}
    group by
        playbook_id,
        step

),

-- A step that is in the seed no more is judged by the usual window.
final as (

    select
        choices.*,
        enrollments.playbook_id,
        enrollments.customer_id,
        {{ days_after(
            'coalesce(response_days.response_days, '
            ~ var('bandit_response_days') ~ ')',
            'choices.chosen_at'
        ) }} as window_ends_at

    from choices
    inner join enrollments
        on choices.enrollment_id = enrollments.enrollment_id
    left join response_days
        on
            enrollments.playbook_id = response_days.playbook_id
            and choices.step = response_days.step

)

-- The columns of stg_ledger__bandit_choices and those that are added here.
select * from final -- noqa: AM04
