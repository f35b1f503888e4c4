-- A step says something that belongs to a stage of the way back: else nobody may get it.
-- A returned row is a step with a kind of content that is not in `journey_contents`.
select
    steps.playbook_id,
    steps.step,
    steps.content_tag
from {{ ref('playbook_steps') }} as steps
left join {{ ref('journey_contents') }} as contents
    on steps.content_tag = contents.content_tag
where contents.content_tag is null
