with

other_ids as (

    select * from {{ ref('int_customers__other_ids') }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

identities as (

    select * from {{ ref('int_customers__identities') }}

),

win_backs as (

    select
        enrollments.customer_id,
        enrollments.episode_order_id,
        enrollments.entered_at

    from enrollments
    left join playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    -- What another tool's playbook was for is not known.
    where
        enrollments.origin = 'past'
        or coalesce(playbooks.is_win_back, true)

),

person_orders as (

    select
        identities.person_id,
        max(customer_orders.last_order_at) as last_order_at

    from identities
    inner join customer_orders
        on identities.customer_id = customer_orders.customer_id
    where identities.person_size > 1
    group by identities.person_id

),

-- A person is asked back once since they last bought, under whatever id.
final as (

    select other_ids.customer_id

    from other_ids
    inner join win_backs
        on other_ids.other_id = win_backs.customer_id
    inner join identities
        on other_ids.customer_id = identities.customer_id
    left join person_orders
        on identities.person_id = person_orders.person_id
    where
        other_ids.is_same_person
        and (
            person_orders.last_order_at is null
            or person_orders.last_order_at <= win_backs.entered_at
        )

    union distinct

    -- The order that it was about has another owner now: a merge that nobody told of.
    select customer_orders.customer_id

    from customer_orders
    inner join win_backs
        on customer_orders.last_order_id = win_backs.episode_order_id
    where customer_orders.customer_id != win_backs.customer_id

)

select * from final
