{{ config(materialized='view') }}

with

wanted as (

    select * from {{ ref('dec_bandit__wanted_offers') }}

),

offers as (

    select * from {{ ref('offers') }}

),

exclusions as (

    select * from {{ ref('offer_exclusions') }}

),

held as (

    select * from {{ ref('dec_offers__held') }}

),

final as (

    select distinct
        wanted.enrollment_id,
        wanted.offer_id

    from wanted
    inner join offers
        on wanted.offer_id = offers.offer_id
    inner join exclusions
        on offers.kind = exclusions.kind
    inner join held
        on
            wanted.customer_id = held.customer_id
            and wanted.enrollment_id != held.enrollment_id
            and exclusions.live_kind = held.kind

)

select * from final
