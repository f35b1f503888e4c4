with

source as (

    select * from {{ source('shop', 'loyalty') }}

),

final as (

    select
        -- ids
        cast(customer_id as varchar) as customer_id,

        -- facts
        cast(points as bigint) as points,
        {{ clean_text('tier') }} as tier,

        -- timestamps
        cast(expires_at as {{ timestamptz_type() }}) as points_expire_at,
        cast(known_at as {{ timestamptz_type() }}) as known_at

    from source

)

select * from final
