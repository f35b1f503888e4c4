{{ config(materialized='view') }}

with

wanted as (

    select * from {{ ref('dec_bandit__wanted_offers') }}

),

open_offers as (

    select * from {{ ref('int_offers__open') }}

),

promises as (

    select * from {{ ref('int_offers__promises') }}

),

-- A promise is kept beyond any limit, and what was dealt at entry has its place.
distinct_offers as (

    select distinct
        wanted.enrollment_id,
        wanted.step,
        wanted.offer_id,
        wanted.entered_at

    from wanted
    left join promises
        on
            wanted.customer_id = promises.customer_id
            and wanted.offer_id = promises.offer_id
    where
        promises.customer_id is null
        and not wanted.is_of_entry

),

-- Whoever entered first may be dealt what is left, whatever they are dealt in the end: a chance
-- that hung on the draws of others could not be told.
ranked as (

    select
        distinct_offers.*,
        open_offers.room,
        row_number() over (
            partition by distinct_offers.offer_id
            order by
                distinct_offers.entered_at,
                distinct_offers.enrollment_id,
                distinct_offers.step
        ) as place

    from distinct_offers
    inner join open_offers
        on distinct_offers.offer_id = open_offers.offer_id

),

final as (

    select
        enrollment_id,
        step,
        offer_id

    from ranked
    where place > room

)

select * from final
