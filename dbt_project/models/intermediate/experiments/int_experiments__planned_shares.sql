{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

variants as (

    select * from {{ ref('int_playbooks__variants') }}

),

observed as (

    select
        playbook_id,
        origin,
        arm,
        variant,
        count(*) as assigned,
        avg(cast(planned_share as double)) as stated_share

    from enrollments
    group by playbook_id, origin, arm, variant

),

-- What the seeds plan for the ledger's enrollments.
seeded as (

    select
        playbook_id,
        'treatment' as arm,
        variant,
        planned_share

    from variants

    union all

    select
        playbook_id,
        'holdout' as arm,
        '' as variant,
        cast(holdout_share as double) as planned_share

    from playbooks
    where holdout_share > 0

),

origins as (

    select
        playbook_id,
        origin,
        cast(sum(assigned) as bigint) as total,
        count(*) as cell_count

    from observed
    group by playbook_id, origin

),

-- A planned cell that nobody was dealt to counts as well. The past has the shares it
-- states, or equal ones.
final as (

    select
        -- ids
        origins.playbook_id,
        origins.origin,
        seeded.arm,
        seeded.variant,

        -- numerics
        origins.total,
        seeded.planned_share

    from origins
    inner join seeded
        on origins.playbook_id = seeded.playbook_id
    where origins.origin = 'ledger'

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
        on
            origins.playbook_id = observed.playbook_id
            and origins.origin = observed.origin
    where origins.origin = 'past'

)

select * from final
