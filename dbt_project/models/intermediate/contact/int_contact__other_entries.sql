with

other_ids as (

    select * from {{ ref('int_customers__other_ids') }}

),

running as (

    select * from {{ ref('int_enrollments__running') }}

),

-- The playbook that somebody is in, by when they entered it.
own_running as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by entered_at, enrollment_id
        ) as entry_number

    from running

),

-- Two may be in it already, as when their address became one: the first goes on.
in_playbooks as (

    select
        other_ids.customer_id,
        other_ids.is_same_person,
        own_running.enrollment_id is not null
        and (
            running.entered_at < own_running.entered_at
            or (
                running.entered_at = own_running.entered_at
                and running.enrollment_id < own_running.enrollment_id
            )
        ) as is_earlier

    from other_ids
    inner join running
        on other_ids.other_id = running.customer_id
    left join own_running
        on
            other_ids.customer_id = own_running.customer_id
            and own_running.entry_number = 1

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        is_same_person,
        max(case when is_earlier then 1 else 0 end) = 1 as is_earlier

    from in_playbooks
    group by customer_id, is_same_person

)

select * from final
