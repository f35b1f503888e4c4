{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

dealt_shares as (

    select * from {{ ref('int_experiments__dealt_shares') }}

),

-- The same plan bears many enrollments.
entered as (

    select
        playbook_id,
        coalesce(planned_shares, '') as stratum,
        count(*) as entered

    from enrollments
    where origin = 'ledger'
    group by playbook_id, coalesce(planned_shares, '')

),

dealt as (

    select
        entered.playbook_id,
        entered.entered,
        dealt_shares.arm,
        dealt_shares.variant,
        dealt_shares.planned_share

    from entered
    inner join dealt_shares
        on
            entered.playbook_id = dealt_shares.playbook_id
            and entered.stratum = dealt_shares.stratum

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
