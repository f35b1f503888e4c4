-- The offer of an arm can be made and is still good when the last step that makes one goes out. It
-- is not what a step gives beside the offer anyway, and `nothing` makes none.
-- A returned row is an arm for which that does not hold, or a cost that is below 0 or of no offer.
with

arms as (

    select * from {{ ref('bandit_steps') }}
    where
        offer_id is not null
        or offer_cost_cents is not null

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

step_days as (

    select * from {{ ref('int_playbooks__step_days') }}

),

offers as (

    select * from {{ ref('offers') }}

)

select distinct
    arms.playbook_id,
    arms.step,
    arms.arm,
    arms.offer_id,
    arms.offer_cost_cents
from arms
left join offers
    on arms.offer_id = offers.offer_id
left join step_days
    on
        arms.playbook_id = step_days.playbook_id
        and arms.step = step_days.step
left join steps
    on
        arms.playbook_id = steps.playbook_id
        and (
            arms.offer_id = steps.extra_offer_id
            or (
                (steps.includes_offer or steps.step = arms.step)
                and steps.latest_day - step_days.earliest_day
                >= offers.validity_days
            )
        )
where
    arms.arm = 'nothing'
    or arms.offer_id is null
    or (offers.offer_id is null and arms.offer_id != 'none')
    or (arms.offer_id = 'none' and arms.offer_cost_cents is not null)
    or arms.offer_cost_cents < 0
    or steps.step is not null
