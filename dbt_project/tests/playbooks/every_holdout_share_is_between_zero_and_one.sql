-- A holdout is a share of a playbook's customers: from 0, below 1.
-- A returned row is a playbook whose holdout_share is not one.
select
    playbook_id,
    holdout_share
from {{ ref('playbooks') }}
where
    holdout_share is null
    or holdout_share < 0
    or holdout_share >= 1
