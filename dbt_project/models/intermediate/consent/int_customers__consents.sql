with

by_channel as (

    select * from {{ ref('int_customers__consent_events') }}

),

revocations as (

    select
        customer_id,
        channel,
        max(occurred_at) as revoked_at,
        -- A date alone stands for the whole day: the hour of the no is not known.
        max(
            case
                when
                    {{ to_local('occurred_at', shop_zone()) }}
                    = cast(
                        {{ local_date('occurred_at', shop_zone()) }} as timestamp
                    )
                    then {{ end_of_day(
                        local_date('occurred_at', shop_zone()), shop_zone()
                    ) }}
                else occurred_at
            end
        ) as stands_until

    from by_channel
    where not is_grant
    group by customer_id, channel

),

-- Only a yes that was said takes back a no: an order is none, whatever the feed makes
-- of it.
comebacks as (

    select
        by_channel.customer_id,
        by_channel.channel,
        min(by_channel.occurred_at) as returned_at

    from by_channel
    inner join revocations
        on
            by_channel.customer_id = revocations.customer_id
            and by_channel.channel = revocations.channel
            and by_channel.occurred_at > revocations.revoked_at
            and by_channel.occurred_at >= revocations.stands_until
    where
        by_channel.is_grant
        and by_channel.basis in (
            '{{ var("affirmative_bases") | join("', '") }}'  -- noqa: LT05
        )
    group by by_channel.customer_id, by_channel.channel

),

-- All that was granted since stands: a weaker yes takes nothing from a stronger one.
-- At one instant a revocation wins over any grant.
grants as (

    select
        by_channel.customer_id,
        by_channel.channel,
        coalesce(by_channel.basis, '') as basis,
        max(case when by_channel.is_proven then 1 else 0 end) = 1 as is_proven,
        max(by_channel.occurred_at) as occurred_at

    from by_channel
    left join revocations
        on
            by_channel.customer_id = revocations.customer_id
            and by_channel.channel = revocations.channel
    left join comebacks
        on
            by_channel.customer_id = comebacks.customer_id
            and by_channel.channel = comebacks.channel
    where
        by_channel.is_grant
        and (
            revocations.revoked_at is null
            or by_channel.occurred_at >= comebacks.returned_at
        )
    group by
        by_channel.customer_id,
        by_channel.channel,
        coalesce(by_channel.basis, '')

),

granted as (

    select distinct
        customer_id,
        channel

    from grants

),

refusals as (

    select revocations.*
    from revocations
    left join granted
        on
            revocations.customer_id = granted.customer_id
            and revocations.channel = granted.channel
    where granted.customer_id is null

),

final as (

    select
        customer_id,
        channel,
        basis,
        false as is_revoked,
        is_proven,
        occurred_at

    from grants

    union all

    select
        customer_id,
        channel,
        '' as basis,
        true as is_revoked,
        false as is_proven,
        revoked_at as occurred_at

    from refusals

)

select * from final
