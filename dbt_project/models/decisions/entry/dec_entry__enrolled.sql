{{ config(materialized='view') }}

with

memberships as (

    select * from {{ ref('dec_entry__memberships') }}

),

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

-- Once an episode and family: whoever entered since the last order has to buy before
-- entering again. What another tool's playbook was for is not known, nor is one that
-- has left the seed: it stands for every family but those that run beside others.
entered as (

    select distinct
        customers.customer_id,
        case when enrollments.origin = 'ledger' then playbooks.family end as family

    from customers
    inner join enrollments
        on
            customers.customer_id = enrollments.customer_id
            and {{ is_of_this_lapse('customers', 'enrollments') }}
    left join playbooks
        on enrollments.playbook_id = playbooks.playbook_id

),

final as (

    select
        memberships.playbook_id,
        memberships.customer_id

    from memberships
    inner join entered
        on memberships.customer_id = entered.customer_id
    where
        memberships.join_id is null
        and coalesce(
            entered.family,
            case when not memberships.runs_beside then memberships.family end
        ) = memberships.family

    union distinct

    -- Once a join: who left and joins again enters again.
    select
        memberships.playbook_id,
        memberships.customer_id

    from memberships
    inner join enrollments
        on
            memberships.playbook_id = enrollments.playbook_id
            and memberships.join_id = enrollments.episode_order_id

)

select * from final
