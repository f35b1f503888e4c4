with

in_transit as (

    select * from {{ ref('int_contact__in_transit') }}

),

-- It may be an order of yesterday.
unread_rows as (

    select * from {{ ref('int_contact__unread_rows') }}

),

other_ids as (

    select * from {{ ref('int_customers__other_ids') }}

),

-- A cancelled order may be placed anew on the same day.
cancelled as (

    select distinct customer_id
    from {{ ref('int_orders__returned') }}
    where
        is_cancelled
        and {{ dbt.datediff('ordered_date', as_of_date(), 'day') }}
        < {{ var('in_transit_days') }}

),

fresh as (

    select customer_id from in_transit
    union distinct
    select customer_id from cancelled

),

-- Whose own row it is, the rule unread_rows holds.
waited_for as (

    select customer_id from fresh
    union distinct
    select customer_id from unread_rows

),

final as (

    select customer_id from fresh

    union distinct

    select other_ids.customer_id
    from other_ids
    inner join waited_for
        on other_ids.other_id = waited_for.customer_id

)

select * from final
