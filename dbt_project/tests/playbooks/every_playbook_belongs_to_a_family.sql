-- The family of a playbook is a family; none named means win_back.
-- A returned row is a playbook that nobody could enter, its rules being unknown.
select
    playbooks.playbook_id,
    playbooks.family
from {{ ref('playbooks') }} as playbooks
left join {{ ref('playbook_families') }} as families
    on coalesce(playbooks.family, 'win_back') = families.family
where families.family is null
