with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

orders as (

    select * from {{ ref('int_orders__placed') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

-- Counted from the order of the episode: an order that reached us late, placed before
-- entry, says as well that the customer is not lapsed.
final as (

    select
        -- ids
        enrollments.enrollment_id,
        enrollments.customer_id,

        -- facts
        enrollments.origin = 'ledger'
        and coalesce(playbooks.is_win_back, false) as is_win_back,
        coalesce(playbooks.needs_order, false) as needs_order,

        -- timestamps
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

)

select * from final
