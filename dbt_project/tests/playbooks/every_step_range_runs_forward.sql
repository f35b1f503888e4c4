-- A step's days are given, not negative, and its first is not after its last.
-- A returned row is a step that could never be sent, or that is due before its anchor.
select
    playbook_id,
    step,
    min_days,
    max_days
from {{ ref('playbook_steps') }}
where
    min_days is null
    or max_days is null
    or min_days < 0
    or min_days > max_days
