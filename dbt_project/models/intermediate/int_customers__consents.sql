with

consents as (

    select * from {{ ref('stg_shop__consents') }}

),

consent_channels as (

    select * from {{ ref('consent_channels') }}

),

known_names as (

    select distinct consent_channel from consent_channels

),

-- A channel we have no name for counts as all of them: it can grant nothing and
-- revokes everything.
events as (

    select
        consents.customer_id,
        coalesce(known_names.consent_channel, 'all') as consent_channel,
        consents.basis,
        consents.consent_status = 'granted' as is_grant,
        consents.occurred_at

    from consents
    left join known_names
        on consents.consent_channel = known_names.consent_channel
    where consents.occurred_at <= {{ as_of() }}

),

-- A revocation reaches every channel of the group, a grant the channel it
-- names.
by_channel as (

    select
        events.customer_id,
        consent_channels.channel,
        events.basis,
        events.is_grant,
        events.occurred_at

    from events
    inner join consent_channels
        on
            events.consent_channel = consent_channels.consent_channel
            and (not events.is_grant or consent_channels.is_granted)

),

latest as (

    select
        customer_id,
        channel,
        max(occurred_at) as occurred_at

    from by_channel
    group by customer_id, channel

),

standing as (

    select by_channel.*
    from by_channel
    inner join latest
        on
            by_channel.customer_id = latest.customer_id
            and by_channel.channel = latest.channel
            and by_channel.occurred_at = latest.occurred_at

),

-- At one instant a revocation wins over any grant.
verdicts as (

    select
        customer_id,
        channel,
        min(case when is_grant then 1 else 0 end) = 0 as is_revoked

    from standing
    group by customer_id, channel

),

final as (

    select distinct
        -- ids
        standing.customer_id,
        standing.channel,
        coalesce(standing.basis, '') as basis,

        -- facts
        verdicts.is_revoked,

        -- timestamps
        standing.occurred_at

    from standing
    inner join verdicts
        on
            standing.customer_id = verdicts.customer_id
            and standing.channel = verdicts.channel

)

select * from final
