with

offers as (

    select * from {{ ref('offers') }}
    where code_source = 'own'

),

codes as (

    select * from {{ ref('stg_ledger__offer_codes') }}
    where given_at is null

),

-- A code that ends before the offer would is not given.
final as (

    select
        offers.offer_id,
        count(codes.code_key) as free_count

    from offers
    left join codes
        on
            offers.offer_id = codes.offer_id
            and (
                codes.ends_at is null
                or codes.ends_at
                >= {{ days_after('offers.validity_days', as_of()) }}
            )
    group by offers.offer_id

)

select * from final
