{%- set longest_window = var('reactivation_windows') | max -%}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

orders as (

    select * from {{ ref('int_enrollments__orders') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}
    where is_win_back

),

-- Counted from entry, in either arm. Another tool's playbook that no seed knows may have
-- been anything, a newsletter too: nobody came back by it.
returns as (

    select
        enrollments.customer_id,
        enrollments.enrollment_id,
        orders.order_id,
        orders.ordered_at

    from enrollments
    inner join playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    inner join orders
        on enrollments.enrollment_id = orders.enrollment_id
    where
        orders.order_number = 1
        and orders.ordered_at <= {{ days_after(longest_window, 'enrollments.entered_at') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by ordered_at desc, order_id desc, enrollment_id desc
        ) as return_rank

    from returns

),

final as (

    select
        -- ids
        customer_id,
        enrollment_id,
        order_id,

        -- numerics
        cast(
            {{ dbt.datediff(local_date('ordered_at', shop_zone()), as_of_date(), 'day') }}
            as bigint
        ) as days_since,

        -- timestamps
        ordered_at as reactivated_at

    from ranked
    where return_rank = 1

)

select * from final
