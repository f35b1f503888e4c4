{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'ledger'

),

cells as (

    select * from {{ ref('int_playbooks__cells') }}

),

-- The same plan bears many enrollments.
plans as (

    select distinct
        playbook_id,
        planned_shares

    from enrollments

),

parts as (

    select
        playbook_id,
        planned_shares,
        {{ split_to_rows('planned_shares', ',') }} as part

    from plans
    where planned_shares is not null

),

final as (

    select
        playbook_id,
        planned_shares as stratum,
        regexp_extract(part, '^([a-z]+):', 1) as arm,
        regexp_extract(part, '^[a-z]+:(.*)=', 1) as variant,
        cast(regexp_extract(part, '=([^=]+)$', 1) as double) as planned_share

    from parts

    union all

    select
        plans.playbook_id,
        '' as stratum,
        cells.arm,
        cells.variant,
        cast(cells.planned_share as double) as planned_share

    from plans
    inner join cells
        on plans.playbook_id = cells.playbook_id
    where plans.planned_shares is null

)

select * from final
