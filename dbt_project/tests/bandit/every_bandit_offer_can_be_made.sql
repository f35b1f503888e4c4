-- The offer of an arm is an offer, and not what a step gives beside it; `nothing` makes none.
-- A returned row is an arm for which that does not hold, or a cost that is below 0 or of no offer.
select distinct
    arms.playbook_id,
    arms.step,
    arms.arm,
    arms.offer_id,
    arms.offer_cost_cents
from {{ ref('bandit_steps') }} as arms
left join {{ ref('offers') }} as offers
    on arms.offer_id = offers.offer_id
left join {{ ref('playbook_steps') }} as steps
    on
        arms.playbook_id = steps.playbook_id
        and arms.offer_id = steps.extra_offer_id
where
    (arms.offer_id is not null and arms.arm = 'nothing')
    or (arms.offer_id != 'none' and offers.offer_id is null)
    or (
        arms.offer_cost_cents is not null
        and coalesce(arms.offer_id, 'none') = 'none'
    )
    or arms.offer_cost_cents < 0
    or steps.playbook_id is not null
