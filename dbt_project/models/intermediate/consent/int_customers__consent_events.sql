with

consents as (

    select * from {{ ref('stg_shop__consents') }}

),

meant_ids as (

    select * from {{ ref('int_customers__meant_ids') }}

),

consent_channels as (

    select * from {{ ref('consent_channels') }}
    where channel in (
        '{{ consent_subjects() | join("', '") }}'  -- noqa: LT05
    )

),

known_names as (

    select distinct consent_channel from {{ ref('consent_channels') }}

),

-- Only `granted` is a yes; whatever else a row says is a no. A channel we have no name
-- for counts as all of them: it can grant nothing and revokes everything.
events as (

    select
        consents.customer_id,
        coalesce(known_names.consent_channel, 'all') as consent_channel,
        consents.basis,
        coalesce(consents.consent_status = 'granted', false) as is_grant,
        consents.proof is not null
        and consents.consent_source is not null as is_proven,
        consents.is_dated_by_load,
        consents.occurred_at

    from consents
    left join known_names
        on consents.consent_channel = known_names.consent_channel

),

-- When it was said is not known of a refusal that the load dated: it counts whatever
-- the as-of of a replay.
told as (

    select * from events
    where
        occurred_at <= {{ as_of() }}
        or (is_dated_by_load and not is_grant)

),

-- A refusal under another spelling of an id binds whoever it may mean; a grant only
-- whom it names.
bound as (

    select
        customer_id,
        consent_channel,
        basis,
        is_grant,
        is_proven,
        occurred_at

    from told

    union all

    select
        meant_ids.customer_id,
        told.consent_channel,
        told.basis,
        told.is_grant,
        told.is_proven,
        told.occurred_at

    from told
    inner join meant_ids
        on told.customer_id = meant_ids.told_id
    where not told.is_grant

),

-- A revocation reaches every channel of the group, a grant the channel it
-- names.
final as (

    select
        -- ids
        bound.customer_id,
        consent_channels.channel,

        -- facts
        bound.basis,
        bound.is_grant,
        bound.is_proven,

        -- timestamps
        bound.occurred_at

    from bound
    inner join consent_channels
        on
            bound.consent_channel = consent_channels.consent_channel
            and (not bound.is_grant or consent_channels.is_granted)

)

select * from final
