-- A variant's row names a step of a playbook.
-- A returned row names one that is not in `playbook_steps`.
select
    variants.playbook_id,
    variants.step,
    variants.variant
from {{ ref('step_variants') }} as variants
left join {{ ref('playbook_steps') }} as steps
    on
        variants.playbook_id = steps.playbook_id
        and variants.step = steps.step
where steps.step is null
