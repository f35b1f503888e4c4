-- The contract beside this file names the columns.
select * from {{ ref('dec_steps__enrollments') }} -- noqa: AM04
