{{ config(materialized='view') }}

with

started as (

    select * from {{ ref('dec_entry__started') }}
    where arm = 'treatment'

),

chosen as (

    select * from {{ ref('dec_offers__chosen') }}

),

enrollments as (

    select
        started.enrollment_id,
        started.customer_id,
        coalesce(chosen.offer_id, started.offer_id) as offer_id

    from started
    left join chosen
        on started.enrollment_id = chosen.enrollment_id

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

-- What was told holds, whatever was told beside it.
final as (

    select distinct enrollments.enrollment_id

    from enrollments
    inner join offers
        on enrollments.offer_id = offers.offer_id
    inner join exclusions
        on offers.kind = exclusions.kind
    inner join held as others
        on
            enrollments.customer_id = others.customer_id
            and enrollments.enrollment_id != others.enrollment_id
            and exclusions.live_kind = others.kind
    left join held as own
        on
            enrollments.enrollment_id = own.enrollment_id
            and enrollments.offer_id = own.offer_id
    where own.enrollment_id is null

)

select * from final
