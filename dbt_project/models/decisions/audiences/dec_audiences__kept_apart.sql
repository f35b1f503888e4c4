{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('dec_steps__enrollments') }}
    where arm = 'holdout'

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}
    where address is not null

),

opt_outs as (

    select * from {{ ref('int_contact__opt_outs') }}

),

preferences as (

    select * from {{ ref('int_contact__preferences') }}
    where is_stopped

),

-- Whoever was kept aside once, also in this very run: their window may be over, and the ads
-- would still be there.
-- A list holds addresses, so whoever shares one with them is kept apart too.
held_out as (

    select customer_id from enrollments
    union distinct
    select others.customer_id

    from enrollments
    inner join contact_points
        on enrollments.customer_id = contact_points.customer_id
    inner join contact_points as others
        on
            contact_points.channel_group = others.channel_group
            and contact_points.address = others.address

),

opted_out as (

    select contact_points.customer_id

    from contact_points
    inner join opt_outs
        on
            contact_points.channel_group = opt_outs.channel_group
            and contact_points.address = opt_outs.address
    union distinct
    select customer_id from preferences

),

final as (

    select
        coalesce(held_out.customer_id, opted_out.customer_id) as customer_id,
        held_out.customer_id is not null as is_holdout,
        opted_out.customer_id is not null as is_opted_out

    from held_out
    full outer join opted_out
        on held_out.customer_id = opted_out.customer_id

)

select * from final
