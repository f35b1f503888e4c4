-- A returned row is a segment whose customers the replayed RFM counts otherwise for today
-- than rfm_scores does.
with

scores as (

    select
        rfm_segment,
        count(*) as customers

    from {{ ref('int_customers__rfm') }}
    group by rfm_segment

),

moves as (

    select
        rfm_segment,
        sum(customers) as customers

    from {{ ref('int_rfm__moves') }}
    where snapshot_number = 0
    group by rfm_segment

)

select coalesce(scores.rfm_segment, moves.rfm_segment) as rfm_segment

from scores
full outer join moves
    on scores.rfm_segment = moves.rfm_segment
where coalesce(scores.customers != moves.customers, true)
