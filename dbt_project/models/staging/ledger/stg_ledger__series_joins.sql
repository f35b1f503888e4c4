with

latest as (

    {{ latest_version(source('ledger', 'series_joins'), 'join_id') }}

),

final as (

    select
        -- ids
        cast(join_id as varchar) as join_id,
        cast(series_id as varchar) as series_id,
        cast(customer_id as varchar) as customer_id,
        cast(message_id as varchar) as message_id,

        -- facts
        cast(channel_group as varchar) as channel_group,
        cast(hidden_address as varchar) as hidden_address,
        cast(ended_by as varchar) as ended_by,

        -- timestamps
        cast(asked_at as {{ timestamptz_type() }}) as asked_at,
        cast(confirm_by as {{ timestamptz_type() }}) as confirm_by,
        cast(granted_at as {{ timestamptz_type() }}) as granted_at,
        cast(ended_at as {{ timestamptz_type() }}) as ended_at

    from latest

)

select * from final
