{{ config(materialized='view') }}

with

queue as (

    select * from {{ ref('dec_entry__queue') }}

),

offers as (

    select * from {{ ref('dec_entry__offers') }}

),

ranked as (

    select
        queue.playbook_id,
        queue.customer_id,
        offers.room,
        row_number() over (
            partition by offers.offer_id
            order by queue.place_today, queue.playbook_id, queue.customer_id
        ) as place

    from queue
    inner join offers
        on
            queue.playbook_id = offers.playbook_id
            and queue.customer_id = offers.customer_id
    where queue.is_in_queue and queue.ok_daily_limit

),

beyond as (

    select distinct
        playbook_id,
        customer_id

    from ranked
    where place > room

),

final as (

    select
        queue.*,
        queue.is_offer_left
        and beyond.customer_id is null as ok_offer_used_up

    from queue
    left join beyond
        on
            queue.playbook_id = beyond.playbook_id
            and queue.customer_id = beyond.customer_id

)

-- The columns of dec_entry__queue and the one that is added here.
select * from final -- noqa: AM04
