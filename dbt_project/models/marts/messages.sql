with

messages as (

    select * from {{ ref('int_messages__all') }}

),

answers as (

    select * from {{ ref('int_messages__events') }}

),

delivery_errors as (

    select * from {{ ref('delivery_errors') }}

),

final as (

    select
        -- ids
        cast(messages.message_id as varchar) as message_id,
        cast(messages.enrollment_id as varchar) as enrollment_id,
        cast(messages.playbook_id as varchar) as playbook_id,
        cast(messages.step as bigint) as step,
        cast(messages.customer_id as varchar) as customer_id,

        -- facts
        cast(messages.channel as varchar) as channel,
        cast(messages.variant as varchar) as variant,
        cast(nullif(messages.offer_id, '') as varchar) as offer_id,
        cast(messages.state as varchar) as state,
        cast(messages.state_reason as varchar) as state_reason,
        cast(messages.origin as varchar) as origin,
        cast(answers.delivery_status as varchar) as delivery_status,
        cast(answers.error_code as varchar) as error_code,
        -- An error that did not keep it from arriving is none; of email only
        -- the status says more.
        cast(
            case
                when answers.delivery_status in ('failed', 'undelivered')
                    then coalesce(delivery_errors.problem, 'other')
            end as varchar
        ) as delivery_problem,

        -- timestamps
        messages.planned_at,
        messages.accepted_at,
        messages.last_held_at,
        answers.delivered_at,
        answers.opened_at,
        answers.clicked_at,
        answers.replied_at,
        answers.opted_out_at,

        -- money: what did not leave cost nothing
        cast(
            case
                when messages.has_left then messages.cost_cents
                else 0
            end as decimal(12, 4)
        ) as cost_cents,
        cast(messages.planned_cost_cents as decimal(12, 4))
            as planned_cost_cents,
        cast(messages.actual_cost_cents as decimal(12, 4)) as actual_cost_cents

    from messages
    left join answers
        on messages.message_id = answers.message_id
    left join delivery_errors
        on
            answers.error_code = delivery_errors.error_code
            and delivery_errors.provider = 'twilio'

)

select * from final
