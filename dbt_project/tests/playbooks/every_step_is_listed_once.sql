-- Each step of a playbook has one row: two rows would be two messages for one step.
-- A returned row is a step that is listed more than once.
select
    playbook_id,
    step
from {{ ref('playbook_steps') }}
group by playbook_id, step
having count(*) > 1
