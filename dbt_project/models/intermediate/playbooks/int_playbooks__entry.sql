with

playbooks as (

    select * from {{ ref('playbooks') }}

),

families as (

    select * from {{ ref('playbook_families') }}

),

series as (

    select * from {{ ref('content_series') }}

),

final as (

    select
        -- ids
        playbooks.playbook_id,
        families.family,
        series.series_id,

        -- numerics
        families.priority as family_priority,
        playbooks.priority,

        -- facts
        playbooks.reach,
        playbooks.is_enabled,
        families.needs_order,
        families.is_win_back,
        families.runs_beside,
        families.takes_lost,
        families.writes_off,
        families.begins_as

    from playbooks
    left join families
        on coalesce(playbooks.family, 'win_back') = families.family
    left join series
        on playbooks.playbook_id = series.playbook_id

)

select * from final
