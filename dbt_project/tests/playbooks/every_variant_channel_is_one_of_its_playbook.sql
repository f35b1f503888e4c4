-- A variant goes out by a channel that a step of its playbook uses, since whom a playbook
-- can reach goes by those, and with a template that is written for it.
-- A returned row is a variant for which that does not hold.
select
    variants.playbook_id,
    variants.step,
    variants.variant,
    variants.channel
from {{ ref('step_variants') }} as variants
left join {{ ref('playbook_steps') }} as steps
    on
        variants.playbook_id = steps.playbook_id
        and variants.channel = steps.channel
where
    variants.channel is not null
    and (steps.channel is null or variants.template is null)
