-- The variants of a playbook divide its treated customers among them.
-- A returned row is a playbook without variants, or whose weights do not sum to 1.
with

weights as (

    select distinct
        playbook_id,
        variant,
        weight
    from {{ ref('step_variants') }}

)

select
    playbooks.playbook_id,
    sum(weights.weight) as total_weight
from {{ ref('playbooks') }} as playbooks
left join weights
    on playbooks.playbook_id = weights.playbook_id
group by playbooks.playbook_id
having
    sum(weights.weight) is null
    or sum(weights.weight) != 1
