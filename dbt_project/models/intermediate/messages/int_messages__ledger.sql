{{ config(materialized='view') }}

with

versions as (

    select * from {{ ref('stg_ledger__message_versions') }}
    where planned_at <= {{ as_of() }}

),

-- A provider's acceptance counts from its own time, whenever we heard of it; any other
-- state from when the ledger wrote it down.
ranked as (

    select
        *,
        row_number() over (
            partition by message_id
            order by
                case
                    when accepted_at <= {{ as_of() }} then 1
                    when updated_at <= {{ as_of() }} then 2
                    else 3
                end,
                version desc
        ) as version_rank,
        accepted_at <= {{ as_of() }}
        or updated_at <= {{ as_of() }} as is_of_then

    from versions

),

-- Of a message whose every exported version is younger, no more is known than that it
-- was planned.
final as (

    select
        -- ids
        message_id,
        enrollment_id,
        playbook_id,
        customer_id,

        -- message
        step,
        channel,
        variant,
        purpose,
        written_by,
        cap_scope,
        offer_id,

        -- facts
        case when is_of_then then state else 'planned' end as state,
        case when is_of_then then state_reason end as state_reason,
        cost_cents,

        -- timestamps
        offer_expires_at,
        planned_at,
        not_before,
        case when is_of_then then accepted_at end as accepted_at,
        case when is_of_then then updated_at else planned_at end as updated_at

    from ranked
    where version_rank = 1

)

select * from final
