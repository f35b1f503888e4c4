with

enrollments as (

    select * from {{ ref('dec_steps__enrollments') }}

),

journeys as (

    select * from {{ ref('int_enrollments__journey') }}

),

final as (

    select
        enrollments.*,
        cast(journeys.journey_stage as varchar) as journey_stage

    from enrollments
    left join journeys
        on enrollments.enrollment_id = journeys.enrollment_id

)

-- The contract beside this file names the columns.
select * from final -- noqa: AM04
