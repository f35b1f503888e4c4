-- The contract beside this file names the columns.
select * from {{ ref('dec_steps__decisions') }} -- noqa: AM04
