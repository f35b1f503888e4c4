-- A message never promises a code that may have run out before it goes out.
-- A returned row is a segment's or a variant's offer that ends before a step that carries
-- it may be sent.
select
    dealt.playbook_id,
    dealt.dealt_by,
    steps.step,
    steps.latest_day,
    offers.validity_days
from (
    select
        playbook_id,
        segment as dealt_by,
        offer_id
    from {{ ref('playbook_segments') }}
    union all
    select
        playbook_id,
        variant as dealt_by,
        offer_id
    from {{ ref('int_playbooks__variants') }}
) as dealt
inner join {{ ref('offers') }} as offers
    on dealt.offer_id = offers.offer_id
inner join {{ ref('int_playbooks__steps') }} as steps
    on dealt.playbook_id = steps.playbook_id
where
    steps.includes_offer
    and steps.latest_day >= offers.validity_days
