-- The offer of an arm is still good when the last step that makes one goes out, on whichever day
-- its step dealt it.
-- A returned row is an arm whose offer may end before that.
select
    arms.playbook_id,
    arms.step,
    arms.arm,
    arms.offer_id,
    steps.step as last_step,
    offers.validity_days
from {{ ref('bandit_steps') }} as arms
inner join {{ ref('offers') }} as offers
    on arms.offer_id = offers.offer_id
inner join {{ ref('int_playbooks__step_days') }} as step_days
    on
        arms.playbook_id = step_days.playbook_id
        and arms.step = step_days.step
inner join {{ ref('int_playbooks__steps') }} as steps
    on
        arms.playbook_id = steps.playbook_id
        and (steps.includes_offer or arms.step = steps.step)
where steps.latest_day - step_days.earliest_day >= offers.validity_days
