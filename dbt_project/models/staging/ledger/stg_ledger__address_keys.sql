with

latest as (

    {{ latest_version(source('ledger', 'address_keys'), 'key_id') }}

),

final as (

    select
        -- ids
        cast(key_id as varchar) as address_key_id,

        -- secrets
        cast(inner_pad as varchar) as inner_pad,
        cast(outer_pad as varchar) as outer_pad

    from latest

)

select * from final
