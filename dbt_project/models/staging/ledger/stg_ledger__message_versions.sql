with

versions as (

    select * from {{ source('ledger', 'messages') }}

),

final as (

    select
        -- ids
        cast(message_id as varchar) as message_id,
        cast(enrollment_id as varchar) as enrollment_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,

        -- facts
        cast(step as bigint) as step,
        cast(channel as varchar) as channel,
        cast(variant as varchar) as variant,
        -- A message that an earlier version exported and that was asked for is there anew.
        coalesce(cast(purpose as varchar), 'campaign') as purpose,
        coalesce(cast(written_by as varchar), 'template') as written_by,
        cast(cap_scope as varchar) as cap_scope,
        cast(offer_id as varchar) as offer_id,
        cast(state as varchar) as state,
        cast(state_reason as varchar) as state_reason,
        cast(reject_class as varchar) as reject_class,
        cast(reject_code as varchar) as reject_code,

        -- numerics
        cast(segments as bigint) as segments,
        cast(attempt_no as bigint) as attempt_number,
        cast(version as bigint) as version,
        cast(cost_cents as decimal(12, 4)) as cost_cents,

        -- timestamps
        cast(planned_at as {{ timestamptz_type() }}) as planned_at,
        cast(not_before as {{ timestamptz_type() }}) as not_before,
        cast(window_closes_at as {{ timestamptz_type() }}) as window_closes_at,
        cast(expires_at as {{ timestamptz_type() }}) as expires_at,
        cast(offer_expires_at as {{ timestamptz_type() }}) as offer_expires_at,
        cast(accepted_at as {{ timestamptz_type() }}) as accepted_at,
        cast(updated_at as {{ timestamptz_type() }}) as updated_at

    from versions

)

select * from final
