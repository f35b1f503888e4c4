-- The RFM map is a partition: each of the 25 pairs of scores from 1 to 5 has exactly one
-- name, and it names no other pair.
-- A returned row is a pair without a name, with several, or outside the scores.
with

scores as (

    {% for score in range(1, 6) %}
    select {{ score }} as score
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

pairs as (

    select
        recency.score as r_score,
        frequency.score as f_score
    from scores as recency
    cross join scores as frequency

)

select
    coalesce(pairs.r_score, rfm_map.r_score) as r_score,
    coalesce(pairs.f_score, rfm_map.f_score) as f_score,
    count(rfm_map.rfm_segment) as names
from pairs
full outer join {{ ref('rfm_map') }} as rfm_map
    on
        pairs.r_score = rfm_map.r_score
        and pairs.f_score = rfm_map.f_score
group by
    coalesce(pairs.r_score, rfm_map.r_score),
    coalesce(pairs.f_score, rfm_map.f_score)
having
    count(rfm_map.rfm_segment) != 1
    or count(pairs.r_score) = 0
