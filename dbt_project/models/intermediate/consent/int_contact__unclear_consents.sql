with

consents as (

    select * from {{ ref('stg_shop__consents') }}

),

-- These landed, as a no: it is told apart from a refusal that somebody made.
judged as (

    select
        customer_id,
        consent_channel,
        case
            when is_dated_by_load then 'it has no date that can be read, or one that is ahead'
            else 'it is no clean yes'
        end as reason,
        occurred_at

    from consents
    where
        is_dated_by_load
        or consent_status is null
        or consent_status not in ('granted', 'revoked')

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        consent_channel,
        reason,

        -- timestamps
        max(occurred_at) as last_occurred_at

    from judged
    group by customer_id, consent_channel, reason

)

select * from final
