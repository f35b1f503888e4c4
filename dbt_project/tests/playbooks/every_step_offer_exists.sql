-- The extra offer of a step is an offer.
-- A returned row is a step whose extra offer is not in `offers`.
select
    steps.playbook_id,
    steps.step,
    steps.extra_offer_id
from {{ ref('playbook_steps') }} as steps
left join {{ ref('offers') }} as offers
    on steps.extra_offer_id = offers.offer_id
where
    steps.extra_offer_id is not null
    and offers.offer_id is null
