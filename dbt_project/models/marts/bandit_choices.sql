with

choices as (

    select * from {{ ref('dec_bandit__choices') }}

),

enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

outcomes as (

    select * from {{ ref('int_bandit__outcomes') }}

),

final as (

    select
        -- ids
        cast(choices.enrollment_id as varchar) as enrollment_id,
        cast(choices.playbook_id as varchar) as playbook_id,
        cast(choices.step as bigint) as step,
        cast(enrollments.customer_id as varchar) as customer_id,
        cast(choices.move_id as varchar) as move_id,

        -- the choice
        cast(choices.arm as varchar) as arm,
        cast(choices.dealt_by as varchar) as dealt_by,
        cast(choices.propensity as double) as propensity,
        cast(choices.barred_arms as varchar) as barred_arms,
        cast(choices.offer_id as varchar) as offer_id,
        cast(choices.is_kept as boolean) as is_kept,
        cast(choices.withheld_by as varchar) as withheld_by,

        -- what came of it
        cast(outcomes.has_responded as boolean) as has_responded,
        cast(coalesce(outcomes.is_mature, false) as boolean) as is_window_over,
        cast(coalesce(outcomes.is_reached, false) as boolean) as is_reached,

        -- timestamps
        choices.chosen_at,
        choices.offer_expires_at,
        outcomes.window_ends_at

    from choices
    inner join enrollments
        on choices.enrollment_id = enrollments.enrollment_id
    left join outcomes
        on
            choices.enrollment_id = outcomes.enrollment_id
            and choices.step = outcomes.step

)

select * from final
