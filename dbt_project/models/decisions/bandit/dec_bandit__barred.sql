{{ config(materialized='view') }}

with

wanted as (

    select * from {{ ref('dec_bandit__wanted_offers') }}

),

spent as (

    select * from {{ ref('dec_bandit__spent_offers') }}

),

stacked as (

    select * from {{ ref('dec_bandit__stacked_offers') }}

),

sequences as (

    select * from {{ ref('int_offers__sequences') }}

),

-- A sequence has one offer. Of two steps that deal on one day the earlier one deals it.
final as (

    select distinct
        wanted.enrollment_id,
        wanted.step,
        wanted.arm

    from wanted
    left join sequences
        on
            wanted.enrollment_id = sequences.enrollment_id
            and wanted.offer_id != sequences.offer_id
    left join spent
        on
            wanted.enrollment_id = spent.enrollment_id
            and wanted.step = spent.step
            and wanted.offer_id = spent.offer_id
    left join stacked
        on
            wanted.enrollment_id = stacked.enrollment_id
            and wanted.offer_id = stacked.offer_id
    where
        wanted.is_later_step
        or sequences.enrollment_id is not null
        or spent.enrollment_id is not null
        or stacked.enrollment_id is not null

)

select * from final
