with

enrollments as (

    select * from {{ ref('dec_steps__enrollments') }}
    where
        origin = 'ledger'
        -- The others are facts of the ledger already: its joins, its messages.
        and exit_reason not in ('left', 'completed')

),

exits as (

    select * from {{ ref('int_enrollments__exits') }}
    where not is_recorded

),

final as (

    select
        -- ids
        enrollments.enrollment_id,

        -- facts
        enrollments.exit_reason,

        -- timestamps
        enrollments.exited_at as ended_at

    from enrollments
    inner join exits
        on enrollments.enrollment_id = exits.enrollment_id

)

select * from final
