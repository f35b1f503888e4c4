-- Each step that learns has the arm `nothing` and two to ten arms in all; with more, the least
-- share of 0.1 would not be left for each.
-- A returned row is a step without the arm, or with fewer arms or more.
select
    playbook_id,
    step,
    count(*) as arms
from {{ ref('bandit_steps') }}
group by
    playbook_id,
    step
having
    sum(case when arm = 'nothing' then 1 else 0 end) = 0
    or count(*) not between 2 and 10
