with

preferences as (

    select * from {{ ref('stg_ledger__preferences') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

-- One that was taken back was a slip. A stop counts whatever the as-of of a replay,
-- like any opt-out; a pause holds until its last moment.
standing as (

    select
        customer_id,
        channel_group,
        kind,
        {{ normalized_address('address') }} as address

    from preferences
    where
        withdrawn_at is null
        and (
            kind = 'stop'
            or (
                occurred_at <= {{ as_of() }}
                and (until_at is null or until_at > {{ as_of() }})
            )
        )

),

-- It binds who said it and, like an opt-out, whoever shares the address.
bound as (

    select
        contact_points.customer_id,
        contact_points.channel,
        standing.kind

    from standing
    inner join contact_points
        on
            standing.channel_group = contact_points.channel_group
            and standing.customer_id = contact_points.customer_id
    union all
    select
        contact_points.customer_id,
        contact_points.channel,
        standing.kind

    from standing
    inner join contact_points
        on
            standing.channel_group = contact_points.channel_group
            and standing.address = contact_points.address

),

final as (

    select
        -- ids
        customer_id,
        channel,

        -- verdicts
        max(case when kind = 'stop' then 1 else 0 end) = 1 as is_stopped,
        max(case when kind = 'pause' then 1 else 0 end) = 1 as is_paused,
        max(case when kind = 'fewer' then 1 else 0 end) = 1 as wants_fewer

    from bound
    group by
        customer_id,
        channel

)

select * from final
