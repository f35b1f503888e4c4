-- Which content row is asked first has to be plain.
-- A returned row is a turn of a step and variant that stands twice.
select
    playbook_id,
    step,
    variant,
    turn
from {{ ref('step_contents') }}
group by playbook_id, step, variant, turn
having count(*) > 1
