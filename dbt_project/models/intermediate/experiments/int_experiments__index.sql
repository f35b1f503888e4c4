with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

weights as (

    select * from {{ ref('int_experiments__index_weights') }}
    where is_used

),

orders as (

    select * from {{ ref('int_experiments__orders') }}

),

-- An order at the instant of entry was placed before it, as in int_enrollments__orders.
before_entry as (

    select
        enrollments.enrollment_id,
        enrollments.playbook_id,
        enrollments.entered_at,
        count(orders.order_id) as order_count,
        sum(orders.total_cents) as spent_cents,
        max(orders.ordered_at) as last_ordered_at

    from enrollments
    left join orders
        on
            enrollments.customer_id = orders.customer_id
            and enrollments.entered_at >= orders.ordered_at
    group by enrollments.enrollment_id, enrollments.playbook_id, enrollments.entered_at

),

described as (

    select
        *,
        {{ full_hours('last_ordered_at', 'entered_at') }} as silent_hours

    from before_entry

),

-- Of a customer without an order nothing is known but what is true of all.
final as (

    select
        -- ids
        described.enrollment_id,
        described.playbook_id,

        -- numerics
        cast(
            case
                when described.order_count = 0 then weights.came_back_rate
                else
                    weights.base
                    {%- for name, expression in index_features().items() %}
                    + weights.{{ name }} * {{ expression }}
                    {%- endfor %}
            end as double
        ) as entry_index

    from described
    inner join weights
        on described.playbook_id = weights.playbook_id

)

select * from final
