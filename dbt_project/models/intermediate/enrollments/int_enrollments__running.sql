with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

exits as (

    select * from {{ ref('int_enrollments__exits') }}

),

last_days as (

    select
        playbook_id,
        max(latest_day) as latest_day

    from {{ ref('int_playbooks__steps') }}
    group by playbook_id

),

-- A step's range ends with a local day, so two days are added. It goes by the calendar
-- and not by what was sent, for the holdout as well: or the arms would differ in what else
-- they get.
open_enrollments as (

    select
        -- ids
        enrollments.enrollment_id,
        enrollments.playbook_id,
        enrollments.customer_id,

        -- facts
        coalesce(playbooks.is_win_back, false) as is_win_back,

        -- timestamps
        enrollments.entered_at,
        {{ days_after('last_days.latest_day + 2', 'enrollments.entered_at') }}
            as ends_at

    from enrollments
    inner join last_days
        on enrollments.playbook_id = last_days.playbook_id
    inner join playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    left join exits
        on enrollments.enrollment_id = exits.enrollment_id
    where
        enrollments.origin = 'ledger'
        and not coalesce(playbooks.runs_beside, false)
        and exits.enrollment_id is null

),

final as (

    select * from open_enrollments
    where ends_at > {{ as_of() }}

)

select * from final
