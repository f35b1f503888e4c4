-- A step counts its days from an earlier step, so that no two wait for each other.
-- A returned row is a step anchored on itself or on a later step.
select
    playbook_id,
    step,
    anchor_step
from {{ ref('playbook_steps') }}
where anchor_step >= step
