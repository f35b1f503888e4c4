with

latest as (

    {{ latest_version(source('ledger', 'preferences'), 'preference_id') }}

),

final as (

    select
        -- ids
        cast(preference_id as varchar) as preference_id,
        cast(customer_id as varchar) as customer_id,

        -- contact data
        cast(address as varchar) as address,

        -- facts
        cast(kind as varchar) as kind,
        cast(channel_group as varchar) as channel_group,

        -- timestamps
        cast(occurred_at as {{ timestamptz_type() }}) as occurred_at,
        cast(until_at as {{ timestamptz_type() }}) as until_at,
        cast(withdrawn_at as {{ timestamptz_type() }}) as withdrawn_at

    from latest

)

select * from final
