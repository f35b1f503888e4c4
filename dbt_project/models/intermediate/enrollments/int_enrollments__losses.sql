with

enrollments as (

    select * from {{ ref('int_enrollments__lapsed_since') }}
    where is_win_back

),

emptied as (

    select * from {{ ref('int_customers__merges') }}

),

customer_orders as (

    select * from {{ ref('int_customers__order_totals') }}

),

other_orders as (

    select * from {{ ref('int_contact__other_orders') }}

),

judged as (

    select
        enrollments.enrollment_id,
        enrollments.entered_at,
        emptied.customer_id is not null as is_merged,
        customer_orders.customer_id is null
        and enrollments.needs_order as has_no_order,
        own_orders.ordered_at as other_id_at,
        household_orders.ordered_at as household_at

    from enrollments
    left join emptied
        on enrollments.customer_id = emptied.customer_id
    left join customer_orders
        on enrollments.customer_id = customer_orders.customer_id
    left join other_orders as own_orders
        on
            enrollments.customer_id = own_orders.customer_id
            and own_orders.is_same_person
            and enrollments.lapsed_since_at < own_orders.ordered_at
    left join other_orders as household_orders
        on
            enrollments.customer_id = household_orders.customer_id
            and not household_orders.is_same_person
            and enrollments.lapsed_since_at < household_orders.ordered_at

),

final as (

    select
        -- ids
        enrollment_id,

        -- facts
        case
            when is_merged then 'merged'
            when has_no_order then 'no_order'
            when other_id_at is not null then 'other_id'
            else 'household'
        end as exit_reason,

        -- timestamps
        case
            when is_merged or has_no_order then {{ as_of() }}
            else greatest(entered_at, coalesce(other_id_at, household_at))
        end as exited_at

    from judged
    where
        is_merged
        or has_no_order
        or other_id_at is not null
        or household_at is not null

)

select * from final
