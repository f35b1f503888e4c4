with

journeys as (

    select * from {{ ref('int_enrollments__journey') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by entered_at desc, enrollment_id desc
        ) as enrollment_rank

    from journeys

),

final as (

    select
        -- ids
        customer_id,
        enrollment_id,

        -- facts
        journey_stage

    from ranked
    where enrollment_rank = 1

)

select * from final
