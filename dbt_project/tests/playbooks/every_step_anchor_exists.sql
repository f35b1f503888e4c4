-- The step that another one counts its days from is a step of the same playbook.
-- A returned row is a step whose anchor does not exist.
select
    steps.playbook_id,
    steps.step,
    steps.anchor_step
from {{ ref('playbook_steps') }} as steps
left join {{ ref('playbook_steps') }} as anchors
    on
        steps.playbook_id = anchors.playbook_id
        and steps.anchor_step = anchors.step
where
    steps.anchor_step is not null
    and anchors.step is null
