-- A series is sent by a playbook of the family series, and who asked for it gets it:
-- no holdout. No segment leads into it, and no playbook of that family is without one.
-- A returned row is a series or a playbook that breaks this.
select
    series.series_id,
    playbooks.playbook_id
from {{ ref('content_series') }} as series
full outer join {{ ref('playbooks') }} as playbooks
    on series.playbook_id = playbooks.playbook_id
left join {{ ref('playbook_segments') }} as segments
    on series.playbook_id = segments.playbook_id
where
    (
        series.series_id is not null
        and (
            coalesce(playbooks.family, '') != 'series'
            or playbooks.holdout_share != 0
            or segments.playbook_id is not null
        )
    )
    or (
        series.series_id is null
        and playbooks.family = 'series'
    )
