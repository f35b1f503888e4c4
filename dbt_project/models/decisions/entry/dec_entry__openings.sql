with

rules as (

    select * from {{ ref('dec_entry__rules') }}

),

used_up as (

    select distinct
        playbook_id,
        customer_id

    from {{ ref('dec_entry__offers') }}
    where room <= 0

),

-- Who can't be given what a playbook's steps say is free for another playbook.
final as (

    select
        rules.*,
        used_up.customer_id is null as is_offer_left,
        rules.is_fit and used_up.customer_id is null as may_enter

    from rules
    left join used_up
        on
            rules.playbook_id = used_up.playbook_id
            and rules.customer_id = used_up.customer_id

)

-- The columns of dec_entry__rules and those that are added here.
select * from final -- noqa: AM04
