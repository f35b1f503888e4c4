with

memberships as (

    select * from {{ ref('dec_entry__memberships') }}

),

playbook_offers as (

    select * from {{ ref('int_playbooks__offers') }}

),

open_offers as (

    select * from {{ ref('int_offers__open') }}

),

promises as (

    select * from {{ ref('int_offers__promises') }}

),

-- Which variant somebody is dealt is not known yet, so each one's offer must be left.
needed as (

    select distinct
        memberships.playbook_id,
        memberships.customer_id,
        coalesce(playbook_offers.offer_id, memberships.offer_id) as offer_id

    from memberships
    inner join playbook_offers
        on memberships.playbook_id = playbook_offers.playbook_id

),

-- A promise is kept beyond any limit.
final as (

    select
        needed.playbook_id,
        needed.customer_id,
        needed.offer_id,
        open_offers.room

    from needed
    inner join open_offers
        on needed.offer_id = open_offers.offer_id
    left join promises
        on
            needed.customer_id = promises.customer_id
            and needed.offer_id = promises.offer_id
    where promises.customer_id is null

)

select * from final
