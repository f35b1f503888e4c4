with

consents as (

    select * from {{ ref('int_customers__consents') }}

),

customers as (

    select * from {{ ref('int_customers__traits') }}

),

consent_rules as (

    select * from {{ ref('consent_rules') }}

),

granted as (

    select
        consents.customer_id,
        consents.channel,
        consents.basis,
        customers.country,
        customers.days_inactive

    from consents
    inner join customers
        on consents.customer_id = customers.customer_id
    where not consents.is_revoked

),

-- The country's own row, else the row for everywhere.
judged as (

    select
        granted.customer_id,
        granted.channel,
        granted.days_inactive,
        coalesce(local_rules.is_accepted, general_rules.is_accepted)
            as is_accepted,
        case
            when local_rules.basis is not null
                then local_rules.max_days_since_order
            else general_rules.max_days_since_order
        end as max_days_since_order

    from granted
    left join consent_rules as local_rules
        on
            granted.channel = local_rules.channel
            and granted.country = local_rules.country
            and granted.basis = local_rules.basis
    left join consent_rules as general_rules
        on
            granted.channel = general_rules.channel
            and granted.basis = general_rules.basis
            and general_rules.country = '*'

),

-- Where a consent ages, a customer without a valid order has none.
final as (

    select distinct
        -- ids
        customer_id,
        channel

    from judged
    where
        is_accepted
        and (
            max_days_since_order is null
            or days_inactive <= max_days_since_order
        )

)

select * from final
