-- A limit of nothing would be an offer that nobody gets, and no limit is an empty cell.
-- A returned row is an offer with a limit that isn't above zero.
select
    offer_id,
    max_codes,
    max_codes_month,
    budget_cents_month,
    stop_after_strangers
from {{ ref('offers') }}
where
    max_codes <= 0
    or max_codes_month <= 0
    or budget_cents_month <= 0
    or stop_after_strangers <= 0
