-- A step has a template, so that there is something to send.
-- A returned row is a step without one.
select
    playbook_id,
    step
from {{ ref('playbook_steps') }}
where template is null
