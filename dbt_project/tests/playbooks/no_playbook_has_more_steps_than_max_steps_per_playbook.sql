-- The model of an enrollment's steps is written out for so many steps.
-- A returned row is a playbook with more; raise the var max_steps_per_playbook.
select
    playbook_id,
    count(*) as steps
from {{ ref('playbook_steps') }}
group by playbook_id
having count(*) > {{ var('max_steps_per_playbook') }}
