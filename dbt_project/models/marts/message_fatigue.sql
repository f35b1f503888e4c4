with

numbered as (

    select * from {{ ref('int_messages__numbered') }}

),

happenings as (

    select * from {{ ref('int_messages__events') }}

),

credited as (

    select
        message_id,
        count(*) as orders

    from {{ ref('int_enrollments__credits') }}
    group by message_id

),

final as (

    select
        -- ids
        cast(numbered.playbook_id as varchar) as playbook_id,
        cast(numbered.channel as varchar) as channel,
        cast(numbered.message_number as bigint) as message_number,
        cast(numbered.recent_messages as bigint) as recent_messages,

        -- numerics
        cast(count(*) as bigint) as sent,
        cast(count(happenings.delivered_at) as bigint) as delivered,
        cast(count(happenings.clicked_at) as bigint) as clicked,
        cast(count(happenings.opted_out_at) as bigint) as opted_out,
        cast(count(happenings.complained_at) as bigint) as complained,
        cast(coalesce(sum(credited.orders), 0) as bigint) as credited_orders

    from numbered
    left join happenings
        on numbered.message_id = happenings.message_id
    left join credited
        on numbered.message_id = credited.message_id
    group by
        numbered.playbook_id,
        numbered.channel,
        numbered.message_number,
        numbered.recent_messages

)

select * from final
