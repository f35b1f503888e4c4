-- Each step names a playbook that exists.
-- A returned row is a step of a playbook that is not in `playbooks`.
select
    steps.playbook_id,
    steps.step
from {{ ref('playbook_steps') }} as steps
left join {{ ref('playbooks') }} as playbooks
    on steps.playbook_id = playbooks.playbook_id
where playbooks.playbook_id is null
