with

source as (

    select * from {{ source('shop', 'customers') }}

),

final as (

    select
        -- ids
        cast(customer_id as varchar) as customer_id,
        {{ clean_text('merged_into') }} as merged_into,

        -- contact data
        {{ clean_text('email') }} as email,
        {{ clean_text('phone') }} as phone,
        {{ clean_text('first_name') }} as first_name,
        {{ clean_text('last_name') }} as last_name,
        {{ address_line('address_name') }} as address_name,
        {{ address_line('address_line1') }} as address_line1,
        {{ address_line('address_line2') }} as address_line2,
        {{ address_line('city') }} as city,

        -- place and preference
        upper({{ clean_text('country') }}) as country,
        upper({{ clean_text('region') }}) as region,
        {{ clean_text('postal_code') }} as postal_code,
        {{ clean_text('timezone') }} as timezone,
        lower({{ clean_text('preferred_channel') }}) as preferred_channel,
        upper({{ clean_text('language') }}) as language,

        -- timestamps
        cast(created_at as {{ timestamptz_type() }}) as created_at

    from source

)

select * from final
