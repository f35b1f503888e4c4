-- The contract beside this file names the columns.
select * from {{ ref('dec_eligibility__channels') }} -- noqa: AM04
