with

joins as (

    select * from {{ ref('int_series__joins') }}

),

enrollments as (

    select * from {{ ref('dec_steps__enrollments') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

-- The acknowledgments belong to no enrollment.
sent as (

    select
        enrollments.episode_order_id as join_id,
        count(*) as message_count,
        max(messages.left_at) as last_message_at

    from messages
    inner join enrollments
        on messages.enrollment_id = enrollments.enrollment_id
    where
        messages.has_left
        and messages.cap_scope is not null
    group by enrollments.episode_order_id

),

situated as (

    select
        joins.*,
        enrollments.enrollment_id,
        enrollments.exit_reason,
        sent.message_count,
        sent.last_message_at

    from joins
    left join enrollments
        on
            joins.join_id = enrollments.episode_order_id
            and joins.playbook_id = enrollments.playbook_id
    left join sent
        on joins.join_id = sent.join_id

),

final as (

    select
        -- ids
        cast(join_id as varchar) as join_id,
        cast(series_id as varchar) as series_id,
        cast(customer_id as varchar) as customer_id,
        cast(enrollment_id as varchar) as enrollment_id,

        -- facts
        cast(
            case
                when exit_reason = 'completed' then 'completed'
                when ended_at is not null and granted_at is null
                    then 'withdrawn'
                when ended_at is not null then 'left'
                when granted_at is not null then 'active'
                when customer_id is null then 'unknown_number'
                when confirm_by < {{ as_of() }} then 'unconfirmed'
                else 'pending'
            end as varchar
        ) as status,
        cast(ended_by as varchar) as ended_by,
        is_standing as has_consent,

        -- numerics
        cast(coalesce(message_count, 0) as bigint) as message_count,

        -- timestamps
        asked_at,
        granted_at as joined_at,
        last_message_at,
        ended_at as left_at

    from situated

)

select * from final
