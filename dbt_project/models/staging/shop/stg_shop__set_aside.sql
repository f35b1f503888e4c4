with

source as (

    select * from {{ source('shop', 'set_aside') }}

),

final as (

    select
        -- ids
        cast(customer_id as varchar) as customer_id,
        cast(row_key as varchar) as row_key,
        cast(load_id as varchar) as load_id,

        -- facts
        {{ clean_text('table_name') }} as table_name,
        {{ clean_text('reason') }} as reason,

        -- timestamps
        cast(set_aside_at as {{ timestamptz_type() }}) as set_aside_at

    from source

)

select * from final
