with

playbooks as (

    select * from {{ ref('playbooks') }}

),

families as (

    select * from {{ ref('playbook_families') }}

),

final as (

    select
        -- ids
        playbooks.playbook_id,
        families.family,

        -- numerics
        families.priority as family_priority,
        playbooks.priority,

        -- facts
        playbooks.reach,
        playbooks.is_enabled,
        families.needs_order,
        families.is_win_back,
        families.runs_beside

    from playbooks
    left join families
        on coalesce(playbooks.family, 'win_back') = families.family

)

select * from final
