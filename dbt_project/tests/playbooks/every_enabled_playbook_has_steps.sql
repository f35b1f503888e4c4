-- An enabled playbook has something to send.
-- A returned row is a playbook that customers would enter for nothing.
select playbooks.playbook_id
from {{ ref('playbooks') }} as playbooks
left join {{ ref('playbook_steps') }} as steps
    on playbooks.playbook_id = steps.playbook_id
where
    playbooks.is_enabled
    and steps.step is null
