{%- set since = dbt.dateadd(
    'hour', '-' ~ var('complaint_window_hours'), as_of()
) -%}

with

provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

-- One complaint and one delivery a message, however often they are told.
answered as (

    select
        messages.channel,
        provider_events.message_id,
        max(case when provider_events.kind = 'complained' then 1 else 0 end)
            as complained_count,
        max(case when provider_events.kind = 'delivered' then 1 else 0 end)
            as delivered_count

    from provider_events
    inner join messages
        on provider_events.message_id = messages.message_id
    where
        provider_events.kind in ('complained', 'delivered')
        and provider_events.occurred_at > {{ since }}
        and provider_events.occurred_at <= {{ as_of() }}
    group by
        messages.channel,
        provider_events.message_id

),

counted as (

    select
        channel,
        sum(complained_count) as complained_count,
        sum(delivered_count) as delivered_count

    from answered
    group by channel

),

final as (

    select
        -- ids
        channel,

        -- numerics
        cast(complained_count as bigint) as complained_count,
        cast(delivered_count as bigint) as delivered_count,

        -- verdicts
        complained_count >= {{ var('complaint_min_count') }}
        and complained_count
        >= {{ var('complaint_warn_rate') }} * delivered_count as is_warned,
        complained_count >= {{ var('complaint_min_count') }}
        and complained_count
        >= {{ var('complaint_stop_rate') }} * delivered_count as is_stopped

    from counted

)

select * from final
