/*
    Rule:     a customer of the tier vip who has been silent for 60 days or more
              (lapse_basis), and whom a win-back has written to since the last order,
              but not as a vip. Who was left alone by it stays so.
    Grain:    one row per customer.
    Priority: vip_offer 1, vip_text 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'ledger'

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}
    where family = 'win_back'

),

-- One of them is enough to have had the offer, or to be left alone.
entered as (

    select
        enrollments.customer_id,
        enrollments.episode_order_id,
        max(
            case
                when enrollments.segment = 'vip_60' or enrollments.arm = 'holdout'
                    then 1
                else 0
            end
        ) as is_out

    from enrollments
    inner join playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    group by enrollments.customer_id, enrollments.episode_order_id

),

final as (

    select customers.customer_id

    from customers
    inner join entered
        on
            customers.customer_id = entered.customer_id
            and customers.last_order_id = entered.episode_order_id
    where
        customers.value_tier = 'vip'
        and customers.days_since_activity >= {{ var('vip_from_days') }}
        and entered.is_out = 0

)

select * from final
