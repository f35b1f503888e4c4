-- The contract beside this file names the columns.
select * from {{ ref('dec_entry__entrants') }} -- noqa: AM04
