{{ config(materialized='view') }}

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
    where writes_off

),

-- Until they order: then another lapse has begun.
final as (

    select distinct customers.customer_id

    from customers
    inner join enrollments
        on
            customers.customer_id = enrollments.customer_id
            and {{ is_of_this_lapse('customers', 'enrollments') }}
    inner join playbooks
        on enrollments.playbook_id = playbooks.playbook_id

)

select * from final
