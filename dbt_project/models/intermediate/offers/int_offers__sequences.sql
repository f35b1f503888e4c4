with

told as (

    select * from {{ ref('int_offers__told') }}
    where not is_extra

),

choices as (

    select * from {{ ref('int_bandit__dealt') }}
    where offer_id != 'none'

),

final as (

    select
        enrollment_id,
        offer_id
    from told
    union distinct
    select
        enrollment_id,
        offer_id
    from choices

)

select * from final
