-- A row of `playbook_segments` names a playbook that exists.
-- A returned row names one that is not in `playbooks`.
select
    segments.playbook_id,
    segments.segment
from {{ ref('playbook_segments') }} as segments
left join {{ ref('playbooks') }} as playbooks
    on segments.playbook_id = playbooks.playbook_id
where playbooks.playbook_id is null
