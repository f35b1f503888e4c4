-- A returned row is a customer whom the replayed RFM puts elsewhere today than rfm_scores does.
with

scores as (

    select * from {{ ref('int_customers__rfm') }}

),

members as (

    select * from {{ ref('int_rfm__members') }}
    where snapshot_number = 0

)

select coalesce(scores.customer_id, members.customer_id) as customer_id

from scores
full outer join members
    on scores.customer_id = members.customer_id
where coalesce(scores.rfm_segment != members.rfm_segment, true)
