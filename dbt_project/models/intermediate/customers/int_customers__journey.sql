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

ranked_enrollments as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by entered_at desc, enrollment_id desc
        ) as enrollment_rank

    from enrollments

),

-- What has been sent in the customer's last enrollment, the last first.
ranked_messages as (

    select
        messages.message_id,
        messages.enrollment_id,
        steps.journey_stage,
        row_number() over (
            partition by messages.enrollment_id
            order by
                messages.left_at desc,
                messages.step desc,
                messages.message_id asc
        ) as message_rank

    from messages
    inner join steps
        on
            messages.playbook_id = steps.playbook_id
            and messages.step = steps.step

),

sent as (

    select
        ranked_messages.enrollment_id,
        max(
            case
                when ranked_messages.message_rank = 1
                    then ranked_messages.journey_stage
            end
        ) as journey_stage,
        min(answers.clicked_at) as clicked_at,
        min(answers.replied_at) as replied_at

    from ranked_messages
    left join answers
        on ranked_messages.message_id = answers.message_id
    group by ranked_messages.enrollment_id

),

final as (

    select
        -- ids
        enrollments.customer_id,
        enrollments.enrollment_id,

        -- facts
        case
            when
                exits.purchased_at is not null
                or sent.clicked_at is not null
                or sent.replied_at is not null
                then 'post_engagement'
            else coalesce(sent.journey_stage, 'inactivity')
        end as journey_stage

    from ranked_enrollments as enrollments
    left join exits
        on enrollments.enrollment_id = exits.enrollment_id
    left join sent
        on enrollments.enrollment_id = sent.enrollment_id
    where enrollments.enrollment_rank = 1

)

select * from final
