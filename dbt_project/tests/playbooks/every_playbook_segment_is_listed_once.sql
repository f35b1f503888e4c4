-- A playbook takes a segment once, and no two of its segments share a priority, so
-- that a customer in both enters by the same one every time.
-- A returned row is a segment or a priority that is listed more than once.
select
    playbook_id,
    segment as listed_twice
from {{ ref('playbook_segments') }}
group by playbook_id, segment
having count(*) > 1

union all

select
    playbook_id,
    cast(priority as varchar) as listed_twice
from {{ ref('playbook_segments') }}
group by playbook_id, priority
having count(*) > 1
