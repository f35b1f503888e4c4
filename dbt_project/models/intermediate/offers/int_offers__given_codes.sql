with

codes as (

    select * from {{ ref('stg_ledger__offer_codes') }}

),

-- A code that is given is never given again.
final as (

    select
        code_key,
        code,
        offer_id,
        enrollment_id,
        customer_id,
        given_at,
        ends_at

    from codes
    where given_at <= {{ as_of() }}

)

select * from final
