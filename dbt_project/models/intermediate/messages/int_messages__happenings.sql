with

provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

-- A provider may tell one happening several times, under other ids of its own; it is a
-- person's if any telling of it is.
told_once as (

    select
        semantic_key,
        message_id,
        provider,
        kind,
        max(link) as link,
        min(link_pos) as link_pos,
        max(link_address) as link_address,
        max(error_code) as error_code,
        min(case when is_machine then 1 else 0 end) as by_machine,
        min(occurred_at) as occurred_at

    from provider_events
    where
        message_id is not null
        and occurred_at <= {{ as_of() }}
    group by
        semantic_key,
        message_id,
        provider,
        kind

),

deliveries as (

    select
        message_id,
        min(occurred_at) as delivered_at

    from told_once
    where kind = 'delivered'
    group by message_id

),

-- A gateway follows the links of a mail before or just as it lets it through.
hasty_clicks as (

    select
        told_once.semantic_key,
        told_once.message_id,
        told_once.link

    from told_once
    inner join deliveries
        on told_once.message_id = deliveries.message_id
    where
        told_once.kind = 'clicked'
        and told_once.occurred_at <= {{ dbt.dateadd(
            'second', var('scan_seconds'), 'deliveries.delivered_at'
        ) }}

),

-- A person may be as quick with one link, not with several.
scanned_messages as (

    select message_id
    from hasty_clicks
    group by message_id
    having count(distinct link) >= {{ var('scan_links') }}

),

scans as (

    select
        hasty_clicks.semantic_key,
        hasty_clicks.message_id,
        'clicked' as kind

    from hasty_clicks
    inner join scanned_messages
        on hasty_clicks.message_id = scanned_messages.message_id

),

final as (

    select
        -- ids
        told_once.semantic_key,
        told_once.message_id,

        -- facts
        told_once.provider,
        told_once.kind,
        told_once.error_code,
        told_once.link,
        told_once.link_pos,
        told_once.link_address,
        told_once.by_machine = 1
        or scans.semantic_key is not null as is_machine,

        -- timestamps
        told_once.occurred_at

    from told_once
    left join scans
        on
            told_once.semantic_key = scans.semantic_key
            and told_once.message_id = scans.message_id
            and told_once.kind = scans.kind

)

select * from final
