with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

plans as (

    select * from {{ ref('int_experiments__started') }}

),

-- A plan counts nobody who was dealt by its shares before it was written.
final as (

    select
        -- ids
        enrollments.enrollment_id,

        -- facts
        case
            when plans.plan_id is not null then plans.plan_id
            when enrollments.origin = 'past' then 'past'
            else coalesce(enrollments.planned_shares, '')
        end as stratum

    from enrollments
    left join plans
        on
            enrollments.playbook_id = plans.playbook_id
            and enrollments.planned_shares = plans.planned_shares
            and enrollments.entered_at >= plans.started_at

)

select * from final
