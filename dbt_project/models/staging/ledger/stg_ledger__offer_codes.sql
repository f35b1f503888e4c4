with

latest as (

    {{ latest_version(source('ledger', 'offer_codes'), 'code_key') }}

),

final as (

    select
        -- ids
        cast(code_key as varchar) as code_key,
        cast(offer_id as varchar) as offer_id,
        cast(enrollment_id as varchar) as enrollment_id,
        cast(customer_id as varchar) as customer_id,

        -- facts
        cast(code as varchar) as code,

        -- timestamps
        cast(imported_at as {{ timestamptz_type() }}) as imported_at,
        cast(given_at as {{ timestamptz_type() }}) as given_at,
        cast(ends_at as {{ timestamptz_type() }}) as ends_at

    from latest

)

select * from final
