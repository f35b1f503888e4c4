-- The contract beside this file names the columns.
select * from {{ ref('dec_eligibility__series') }} -- noqa: AM04
