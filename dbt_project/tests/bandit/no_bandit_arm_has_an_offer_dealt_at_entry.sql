-- An arm's offer stands in bandit_steps. That of a variant is dealt at entry, to whoever enters
-- with it, whatever a step deals later.
-- A returned row is an arm whose variant has an offer of its own.
select distinct
    bandit_steps.playbook_id,
    bandit_steps.step,
    bandit_steps.arm,
    variants.offer_id
from {{ ref('bandit_steps') }} as bandit_steps
inner join {{ ref('step_variants') }} as variants
    on
        bandit_steps.playbook_id = variants.playbook_id
        and bandit_steps.arm = variants.variant
where variants.offer_id is not null
