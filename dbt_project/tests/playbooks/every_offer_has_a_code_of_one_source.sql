-- A shared offer names its code, and an offer with codes of one's own names none.
-- A returned row is an offer that does otherwise.
select
    offer_id,
    code_source,
    code
from {{ ref('offers') }}
where
    (code_source = 'shared' and coalesce(code, '') = '')
    or (code_source = 'own' and coalesce(code, '') != '')
