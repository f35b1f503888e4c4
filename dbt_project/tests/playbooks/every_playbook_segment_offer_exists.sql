-- The offer of a segment is an offer.
-- A returned row names one that is not in `offers`.
select
    segments.playbook_id,
    segments.segment,
    segments.offer_id
from {{ ref('playbook_segments') }} as segments
left join {{ ref('offers') }} as offers
    on segments.offer_id = offers.offer_id
where
    segments.offer_id is not null
    and offers.offer_id is null
