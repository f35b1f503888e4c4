with

enrollments as (

    select * from {{ ref('stg_ledger__enrollments') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

-- A playbook that has left the seed may have been one; a cart reminder never was.
win_backs as (

    select enrollments.entered_at
    from enrollments
    left join playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    where
        enrollments.entered_at <= {{ as_of() }}
        and coalesce(playbooks.is_win_back, true)

),

final as (

    select
        coalesce(
            min({{ local_date('entered_at', shop_zone()) }}),
            {{ as_of_date() }}
        ) as launch_date

    from win_backs

)

select * from final
