{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

cells as (

    select * from {{ ref('int_playbooks__cells') }}

),

-- The same plan bears many enrollments.
plans as (

    select
        playbook_id,
        planned_shares,
        count(*) as entered

    from enrollments
    where origin = 'ledger'
    group by playbook_id, planned_shares

),

parts as (

    select
        playbook_id,
        entered,
        {{ split_to_rows('planned_shares', ',') }} as part

    from plans
    where planned_shares is not null

),

-- The plan that an enrollment was dealt by. One of before plans were kept has today's.
dealt as (

    select
        playbook_id,
        entered,
        regexp_extract(part, '^([a-z]+):', 1) as arm,
        regexp_extract(part, '^[a-z]+:(.*)=', 1) as variant,
        cast(regexp_extract(part, '=([^=]+)$', 1) as double) as planned_share

    from parts

    union all

    select
        plans.playbook_id,
        plans.entered,
        cells.arm,
        cells.variant,
        cells.planned_share

    from plans
    inner join cells
        on plans.playbook_id = cells.playbook_id
    where plans.planned_shares is null

),

observed as (

    select
        playbook_id,
        arm,
        variant,
        avg(cast(planned_share as double)) as stated_share

    from enrollments
    where origin = 'past'
    group by playbook_id, arm, variant

),

origins as (

    select
        playbook_id,
        origin,
        count(*) as total,
        count(distinct concat(arm, ':', variant)) as cell_count

    from enrollments
    group by playbook_id, origin

),

-- A planned cell that nobody was dealt to counts as well. The past has the shares it
-- states, or equal ones.
final as (

    select
        -- ids
        origins.playbook_id,
        origins.origin,
        dealt.arm,
        dealt.variant,

        -- numerics
        origins.total,
        round(
            sum(dealt.entered * dealt.planned_share)
            / cast(origins.total as double),
            9
        ) as planned_share

    from origins
    inner join dealt
        on origins.playbook_id = dealt.playbook_id
    where origins.origin = 'ledger'
    group by
        origins.playbook_id,
        origins.origin,
        origins.total,
        dealt.arm,
        dealt.variant

    union all

    select
        origins.playbook_id,
        origins.origin,
        observed.arm,
        observed.variant,
        origins.total,
        coalesce(
            observed.stated_share,
            1 / cast(origins.cell_count as double)
        ) as planned_share

    from origins
    inner join observed
        on origins.playbook_id = observed.playbook_id
    where origins.origin = 'past'

)

select * from final
