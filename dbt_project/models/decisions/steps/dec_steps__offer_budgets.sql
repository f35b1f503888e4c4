{{ config(materialized='view') }}

with

contests as (

    select * from {{ ref('dec_steps__contests') }}

),

enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

room as (

    select * from {{ ref('int_offers__room') }}

),

leaks as (

    select * from {{ ref('int_offers__leaks') }}
    where is_leaked

),

promises as (

    select * from {{ ref('int_offers__promises') }}

),

carried as (

    select
        contests.enrollment_id,
        contests.step,
        contests.customer_id,
        enrollments.entered_at,
        contests.offer_id,
        steps.extra_offer_id

    from contests
    inner join enrollments
        on contests.enrollment_id = enrollments.enrollment_id
    inner join steps
        on
            contests.playbook_id = steps.playbook_id
            and contests.step = steps.step
    where
        contests.is_ready
        and not contests.is_served_by_other
        and not contests.is_behind_other

),

wanted as (

    select
        enrollment_id,
        step,
        customer_id,
        entered_at,
        offer_id
    from carried
    union distinct
    select
        enrollment_id,
        step,
        customer_id,
        entered_at,
        extra_offer_id as offer_id
    from carried

),

-- Whoever entered first gets what is left. A promise is kept beyond any limit.
ranked as (

    select
        wanted.enrollment_id,
        wanted.step,
        room.room,
        leaks.offer_id is not null as is_leaked,
        row_number() over (
            partition by wanted.offer_id
            order by wanted.entered_at, wanted.enrollment_id, wanted.step
        ) as place

    from wanted
    left join room
        on wanted.offer_id = room.offer_id
    left join leaks
        on wanted.offer_id = leaks.offer_id
    left join promises
        on
            wanted.customer_id = promises.customer_id
            and wanted.offer_id = promises.offer_id
    where promises.customer_id is null

),

over_budget as (

    select
        enrollment_id,
        step,
        max(case when is_leaked then 1 else 0 end) = 1 as is_leaked

    from ranked
    where place > room or is_leaked
    group by enrollment_id, step

),

final as (

    select
        contests.*,
        over_budget.enrollment_id is not null as is_over_offer_budget,
        coalesce(over_budget.is_leaked, false) as is_offer_leaked

    from contests
    left join over_budget
        on
            contests.enrollment_id = over_budget.enrollment_id
            and contests.step = over_budget.step

)

-- The columns of dec_steps__contests and those that are added here.
select * from final -- noqa: AM04
