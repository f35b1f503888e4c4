{%- set most_days = var('reactivation_windows') | max -%}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

first_orders as (

    select * from {{ ref('int_enrollments__orders') }}
    where order_number = 1

),

-- Day 1 ends 24 hours after entry, its last instant included.
counted as (

    select
        enrollments.playbook_id,
        enrollments.arm,
        cast(
            floor({{ full_hours('enrollments.entered_at', as_of()) }} / 24)
            as bigint
        ) as watched_days,
        1 + cast(
            floor({{ full_hours(
                'first_orders.entered_at',
                dbt.dateadd('microsecond', -1, 'first_orders.ordered_at')
            ) }} / 24) as bigint
        ) as return_day

    from enrollments
    left join first_orders
        on enrollments.enrollment_id = first_orders.enrollment_id

),

-- A day that is not over counts for nobody: else those who came back on it would, and
-- those who still may would not.
cut as (

    select
        playbook_id,
        arm,
        least(watched_days, {{ most_days }}) as watched_days,
        case
            when return_day <= least(watched_days, {{ most_days }})
                then return_day
        end as return_day

    from counted

),

final as (

    select
        -- ids
        playbook_id,
        arm,

        -- numerics
        watched_days,
        return_day,
        cast(count(*) as bigint) as people

    from cut
    group by playbook_id, arm, watched_days, return_day

)

select * from final
