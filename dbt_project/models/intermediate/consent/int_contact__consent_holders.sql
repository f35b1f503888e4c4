with

granted as (

    select * from {{ ref('int_contact__grants') }}

),

consent_rules as (

    select * from {{ ref('consent_rules') }}

),

-- The country's own row, else the row for everywhere.
judged as (

    select
        granted.customer_id,
        granted.channel,
        granted.basis,
        granted.days_inactive,
        granted.days_unused,
        coalesce(local_rules.is_accepted, general_rules.is_accepted)
            as is_accepted,
        case
            when local_rules.basis is not null
                then local_rules.max_days_since_order
            else general_rules.max_days_since_order
        end as max_days_since_order,
        case
            when local_rules.basis is not null
                then local_rules.max_days_unused
            else general_rules.max_days_unused
        end as max_days_unused

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

-- Where a consent ages with the last order, a customer without a valid one has none.
standing as (

    select
        *,
        least(
            max_days_since_order - days_inactive,
            max_days_unused - days_unused
        ) as days_left

    from judged
    where
        is_accepted
        and (
            max_days_since_order is null
            or days_inactive <= max_days_since_order
        )
        and (
            max_days_unused is null
            or days_unused <= max_days_unused
        )

),

-- The basis that lasts longest decides.
best as (

    select
        customer_id,
        channel,
        {{ sorted_list('basis') }} as bases,
        case
            when count(days_left) = count(*) then max(days_left)
        end as days_left

    from standing
    group by customer_id, channel

),

final as (

    select
        -- ids
        customer_id,
        channel,

        -- facts
        bases,

        -- timestamps
        case
            when days_left is not null
                then {{ end_of_day(
                    dbt.dateadd('day', 'days_left', as_of_date()), shop_zone()
                ) }}
        end as consent_expires_at

    from best

)

select * from final
