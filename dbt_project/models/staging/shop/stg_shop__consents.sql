with

source as (

    select * from {{ source('shop', 'consents') }}

),

final as (

    select
        -- ids
        cast(customer_id as varchar) as customer_id,

        -- facts
        lower({{ clean_text('channel') }}) as consent_channel,
        lower({{ clean_text('status') }}) as consent_status,
        lower({{ clean_text('basis') }}) as basis,
        {{ clean_text('source') }} as consent_source,
        {{ clean_text('proof') }} as proof,
        coalesce(dated_by = 'load', false) as is_dated_by_load,

        -- timestamps
        cast(occurred_at as {{ timestamptz_type() }}) as occurred_at

    from source

)

select * from final
