-- An arm is a variant that the step has in `step_variants`, or `nothing`, once.
-- A returned row is one that is neither, or that stands twice.
with

steps as (

    select
        playbook_id,
        step,
        variant as arm
    from {{ ref('step_variants') }}
    union distinct
    select
        playbook_id,
        step,
        'nothing' as arm
    from {{ ref('playbook_steps') }}

)

select
    bandit_steps.playbook_id,
    bandit_steps.step,
    bandit_steps.arm
from {{ ref('bandit_steps') }} as bandit_steps
left join steps
    on
        bandit_steps.playbook_id = steps.playbook_id
        and bandit_steps.step = steps.step
        and bandit_steps.arm = steps.arm
group by
    bandit_steps.playbook_id,
    bandit_steps.step,
    bandit_steps.arm
having
    count(steps.arm) != 1
    or bandit_steps.arm is null
