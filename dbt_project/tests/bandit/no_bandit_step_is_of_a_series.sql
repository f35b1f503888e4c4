-- A content series is what people asked for: nobody is left without its message to learn from it.
-- A returned row is a step of a series that is to learn.
select distinct
    bandit_steps.playbook_id,
    bandit_steps.step
from {{ ref('bandit_steps') }} as bandit_steps
inner join {{ ref('content_series') }} as series
    on bandit_steps.playbook_id = series.playbook_id
