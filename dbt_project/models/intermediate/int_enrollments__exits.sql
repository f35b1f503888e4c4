with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

orders as (

    select * from {{ ref('int_orders__valid') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

-- Counted from the order of the episode: an order that reached us late, placed before
-- entry, says as well that the customer is not lapsed.
lapsed_since as (

    select
        enrollments.enrollment_id,
        enrollments.customer_id,
        enrollments.entered_at,
        coalesce(episode_orders.ordered_at, enrollments.entered_at)
            as lapsed_since_at

    from enrollments
    left join orders as episode_orders
        on enrollments.episode_order_id = episode_orders.order_id
    left join playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    -- Who asked for a series gets it to its end, whatever they buy.
    where playbooks.series_id is null

),

purchases as (

    select
        lapsed_since.enrollment_id,
        lapsed_since.entered_at,
        min(orders.ordered_at) as ordered_at

    from lapsed_since
    inner join orders
        on
            lapsed_since.customer_id = orders.customer_id
            and lapsed_since.lapsed_since_at < orders.ordered_at
    group by lapsed_since.enrollment_id, lapsed_since.entered_at

),

final as (

    select
        -- ids
        enrollment_id,

        -- timestamps
        greatest(ordered_at, entered_at) as purchased_at

    from purchases

)

select * from final
