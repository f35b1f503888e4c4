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

promises as (

    select distinct
        customer_id,
        offer_id

    from {{ ref('int_offers__told') }}
    where holds_until > {{ as_of() }}

),

carried as (

    select
        contests.enrollment_id,
        contests.step,
        contests.customer_id,
        enrollments.entered_at,
        case when steps.includes_offer then enrollments.offer_id end as offer_id,
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
        row_number() over (
            partition by wanted.offer_id
            order by wanted.entered_at, wanted.enrollment_id, wanted.step
        ) as place

    from wanted
    inner join room
        on wanted.offer_id = room.offer_id
    left join promises
        on
            wanted.customer_id = promises.customer_id
            and wanted.offer_id = promises.offer_id
    where promises.customer_id is null

),

over_budget as (

    select distinct
        enrollment_id,
        step

    from ranked
    where place > room

),

final as (

    select
        contests.*,
        over_budget.enrollment_id is not null as is_over_offer_budget

    from contests
    left join over_budget
        on
            contests.enrollment_id = over_budget.enrollment_id
            and contests.step = over_budget.step

)

-- The columns of dec_steps__contests and the one that is added here.
select * from final -- noqa: AM04
