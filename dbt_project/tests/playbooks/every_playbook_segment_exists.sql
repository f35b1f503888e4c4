-- A row of `playbook_segments` names a segment that has a file in models/segments.
-- A returned row names one that has none.
select
    playbook_id,
    segment
from {{ ref('playbook_segments') }}
where
    segment is null
    or segment not in (
        '{{ var("segments") | join("', '") }}'  -- noqa: LT05
    )
