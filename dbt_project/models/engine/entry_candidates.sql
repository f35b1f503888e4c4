-- The contract beside this file names the columns.
select * from {{ ref('dec_entry__candidates') }} -- noqa: AM04
