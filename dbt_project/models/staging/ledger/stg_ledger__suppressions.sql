with

latest as (

    {{ latest_version(source('ledger', 'suppressions'), 'suppression_id') }}

),

final as (

    select
        -- ids
        cast(suppression_id as varchar) as suppression_id,

        -- contact data
        cast(address as varchar) as address,

        -- facts
        cast(channel_group as varchar) as channel_group,
        cast(reason as varchar) as reason,
        cast(source as varchar) as source,

        -- timestamps
        cast(occurred_at as {{ timestamptz_type() }}) as occurred_at,
        cast(recorded_at as {{ timestamptz_type() }}) as recorded_at,
        cast(lifted_at as {{ timestamptz_type() }}) as lifted_at

    from latest

)

select * from final
