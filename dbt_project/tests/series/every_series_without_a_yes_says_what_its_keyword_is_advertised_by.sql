-- Where the keyword alone joins, the consent rests on what its sender was told.
-- A returned row is a series without those words, or with less than a day for the yes.
select series_id
from {{ ref('content_series') }}
where
    (
        confirm_within_days is null
        and coalesce(trim(call_to_action), '') = ''
    )
    or confirm_within_days < 1
