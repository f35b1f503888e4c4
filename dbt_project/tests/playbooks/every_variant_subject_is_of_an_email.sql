-- Only an email has a subject.
-- A returned row is a variant with a subject at a step that goes out by another channel.
select
    variants.playbook_id,
    variants.step,
    variants.variant
from {{ ref('step_variants') }} as variants
inner join {{ ref('playbook_steps') }} as steps
    on
        variants.playbook_id = steps.playbook_id
        and variants.step = steps.step
where
    variants.subject is not null
    and coalesce(variants.channel, steps.channel) <> 'email'
