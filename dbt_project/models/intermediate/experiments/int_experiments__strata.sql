with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

final as (

    select
        -- ids
        enrollment_id,

        -- facts
        case
            when origin = 'past' then 'past'
            else coalesce(planned_shares, '')
        end as stratum

    from enrollments

)

select * from final
