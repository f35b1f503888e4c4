-- The offer of a variant is an offer.
-- A returned row names one that is not in `offers`.
select
    variants.playbook_id,
    variants.variant,
    variants.offer_id
from {{ ref('step_variants') }} as variants
left join {{ ref('offers') }} as offers
    on variants.offer_id = offers.offer_id
where
    variants.offer_id is not null
    and offers.offer_id is null
