with

consents as (

    select * from {{ ref('int_customers__consents') }}
    where is_revoked

),

emptied as (

    select * from {{ ref('int_customers__merges') }}
    where into_customer_id is not null

),

final as (

    select
        emptied.into_customer_id as customer_id,
        consents.channel

    from consents
    inner join emptied
        on consents.customer_id = emptied.customer_id

    union distinct

    select
        emptied.customer_id,
        consents.channel

    from consents
    inner join emptied
        on consents.customer_id = emptied.into_customer_id

)

select * from final
