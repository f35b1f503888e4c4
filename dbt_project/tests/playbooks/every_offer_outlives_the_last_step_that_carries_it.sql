-- A message never promises a code that may have run out before it goes out.
-- A returned row is a segment's offer that ends before a step that carries it may
-- be sent.
select
    segments.playbook_id,
    segments.segment,
    steps.step,
    steps.latest_day,
    offers.validity_days
from {{ ref('playbook_segments') }} as segments
inner join {{ ref('offers') }} as offers
    on segments.offer_id = offers.offer_id
inner join {{ ref('int_playbooks__steps') }} as steps
    on segments.playbook_id = steps.playbook_id
where
    steps.includes_offer
    and steps.latest_day >= offers.validity_days
