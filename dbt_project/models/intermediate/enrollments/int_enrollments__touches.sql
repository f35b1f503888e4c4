with

sent as (

    select * from {{ ref('int_messages__all') }}
    where
        has_left
        and enrollment_id is not null

),

happenings as (

    select * from {{ ref('int_messages__happenings') }}

),

-- A click says more than a delivery; where no delivery is reported, the sending stands
-- for it.
touches as (

    select
        sent.enrollment_id,
        sent.message_id,
        sent.channel,
        case when happenings.kind = 'clicked' then 1 else 2 end
            as touch_rank,
        happenings.occurred_at as touched_at

    from sent
    inner join happenings
        on sent.message_id = happenings.message_id
    where
        happenings.kind in ('clicked', 'delivered')
        and not happenings.is_machine

    union all

    select
        enrollment_id,
        message_id,
        channel,
        2 as touch_rank,
        left_at as touched_at

    from sent

),

final as (

    select
        -- ids
        enrollment_id,
        message_id,

        -- facts
        touch_rank,

        -- timestamps
        touched_at,
        case channel
            when 'email'
                then {{ dbt.dateadd(
                    'hour', var('email_credit_hours'), 'touched_at'
                ) }}
            else {{ dbt.dateadd(
                'hour', var('sms_credit_hours'), 'touched_at'
            ) }}
        end as credited_until

    from touches

)

select * from final
