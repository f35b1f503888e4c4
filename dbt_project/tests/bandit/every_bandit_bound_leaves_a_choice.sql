-- An arm gets between its least and its most, and the arms of a step can share the whole by them.
-- A returned row is one with a least below 0.1 or above its most, a most above 1, or of a step
-- whose leasts sum to more than 1 or whose mosts to less.
with

bounds as (

    select
        playbook_id,
        step,
        arm,
        coalesce(least_share, 0.1) as least_share,
        coalesce(most_share, 1) as most_share
    from {{ ref('bandit_steps') }}

),

of_steps as (

    select
        playbook_id,
        step,
        sum(least_share) as least_sum,
        sum(most_share) as most_sum
    from bounds
    group by
        playbook_id,
        step

)

select
    bounds.playbook_id,
    bounds.step,
    bounds.arm,
    bounds.least_share,
    bounds.most_share
from bounds
inner join of_steps
    on
        bounds.playbook_id = of_steps.playbook_id
        and bounds.step = of_steps.step
where
    bounds.least_share < 0.1
    or bounds.least_share > bounds.most_share
    or bounds.most_share > 1
    or of_steps.least_sum > 1.000000001
    or of_steps.most_sum < 0.999999999
