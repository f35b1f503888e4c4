-- A content row needs nothing, or one of the needs that the macro content_needs lists.
-- A returned row could never be taken.
select
    playbook_id,
    step,
    turn,
    needs
from {{ ref('step_contents') }}
where needs not in (
    '{{ content_needs() | join("', '") }}'  -- noqa: LT05
)
