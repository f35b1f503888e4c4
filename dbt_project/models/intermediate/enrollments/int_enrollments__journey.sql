with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'ledger'

),

exits as (

    select * from {{ ref('int_enrollments__exits') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}
    where has_left

),

answers as (

    select * from {{ ref('int_messages__events') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

left_out as (

    select * from {{ ref('int_bandit__dealt') }}
    where offer_id = 'none'

),

-- What left for the customer, and what they did with it.
reached as (

    select
        messages.enrollment_id,
        max(
            case
                when
                    steps.journey_stage = 'post_engagement'
                    or answers.clicked_at is not null
                    or answers.replied_at is not null
                    then 1
                else 0
            end
        ) = 1 as is_engaged,
        max(
            case
                when steps.extra_offer_id is not null then 1
                -- The arm of a step that learns may leave its offer out.
                when left_out.enrollment_id is not null then 0
                when
                    steps.journey_stage = 'offer_presentation'
                    or steps.includes_offer
                    or messages.offer_id != ''
                    then 1
                else 0
            end
        ) = 1 as is_offered

    from messages
    left join steps
        on
            messages.playbook_id = steps.playbook_id
            and messages.step = steps.step
    left join answers
        on messages.message_id = answers.message_id
    left join left_out
        on
            messages.enrollment_id = left_out.enrollment_id
            and messages.step = left_out.step
    group by messages.enrollment_id

),

-- Nobody goes back a stage.
final as (

    select
        -- ids
        enrollments.enrollment_id,
        enrollments.customer_id,

        -- facts
        case
            when
                playbooks.begins_as = 'post_engagement'
                or exits.purchased_at is not null
                or reached.is_engaged
                then 'post_engagement'
            when
                playbooks.begins_as = 'offer_presentation'
                or reached.is_offered
                then 'offer_presentation'
            else 'inactivity'
        end as journey_stage,

        -- timestamps
        enrollments.entered_at

    from enrollments
    left join playbooks
        on enrollments.playbook_id = playbooks.playbook_id
    left join exits
        on enrollments.enrollment_id = exits.enrollment_id
    left join reached
        on enrollments.enrollment_id = reached.enrollment_id

)

select * from final
