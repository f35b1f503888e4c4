-- A cap below one would send nothing, and a day's above a week's is a slip.
-- A returned row is a series with such caps.
select
    series_id,
    cap_per_24h,
    cap_per_7d
from {{ ref('content_series') }}
where
    cap_per_24h < 1
    or cap_per_7d < cap_per_24h
