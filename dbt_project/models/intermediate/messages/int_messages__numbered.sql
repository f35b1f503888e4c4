with

messages as (

    select * from {{ ref('int_messages__all') }}
    where
        has_left
        and step is not null

),

numbered as (

    select
        message_id,
        customer_id,
        playbook_id,
        channel,
        left_at,
        row_number() over (
            partition by enrollment_id
            order by left_at, message_id
        ) as message_number

    from messages
    where enrollment_id is not null

),

-- Messages of any playbook and channel tire the same person.
final as (

    select
        -- ids
        numbered.message_id,
        numbered.playbook_id,
        numbered.channel,

        -- numerics
        cast(numbered.message_number as bigint) as message_number,
        cast(count(earlier.message_id) as bigint) as recent_messages

    from numbered
    left join messages as earlier
        on
            numbered.customer_id = earlier.customer_id
            and numbered.left_at > earlier.left_at
            and numbered.left_at
            <= {{ days_after(var('fatigue_days'), 'earlier.left_at') }}
    group by
        numbered.message_id,
        numbered.playbook_id,
        numbered.channel,
        numbered.message_number

)

select * from final
