-- A variant has a name that is free, one row a step, and the same weight and offer in all
-- rows.
-- A returned row is a variant for which that does not hold.
select
    playbook_id,
    variant
from {{ ref('step_variants') }}
group by playbook_id, variant
having
    variant is null
    or variant in ('', 'all', 'holdout', 'treatment')
    or count(*) > count(distinct step)
    or count(weight) < count(*)
    or min(weight) < max(weight)
    or min(weight) <= 0
    or count(distinct coalesce(offer_id, '')) > 1
