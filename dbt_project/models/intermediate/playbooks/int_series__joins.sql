with

joins as (

    select * from {{ ref('stg_ledger__series_joins') }}
    where asked_at <= {{ as_of() }}

),

series as (

    select * from {{ ref('content_series') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

address_keys as (

    select * from {{ ref('stg_ledger__address_keys') }}

),

granted as (

    select
        join_id,
        customer_id,
        channel_group,
        hidden_address

    from joins
    where granted_at <= {{ as_of() }}

),

-- Nobody's number is hashed where nobody ever joined.
needed_keys as (

    select * from address_keys
    where exists (select 1 from granted)

),

hashed as (

    select
        granted.join_id,
        granted.hidden_address as joined_with,
        {{ hidden_address(
            'contact_points.address',
            'needed_keys.inner_pad',
            'needed_keys.outer_pad'
        ) }} as hidden_address

    from granted
    inner join contact_points
        on
            granted.customer_id = contact_points.customer_id
            and granted.channel_group = contact_points.channel_group
    cross join needed_keys
    where contact_points.address is not null

),

-- Who has another number now has not agreed to texts there.
reached as (

    select distinct join_id from hashed
    where hidden_address = joined_with

),

final as (

    select
        -- ids
        joins.join_id,
        joins.series_id,
        series.playbook_id,
        joins.customer_id,

        -- facts
        joins.ended_by,
        series.cap_per_24h,
        series.cap_per_7d,
        granted.join_id is not null
        and joins.ended_at is null
        and reached.join_id is not null as is_standing,

        -- timestamps
        joins.asked_at,
        joins.confirm_by,
        case when granted.join_id is not null then joins.granted_at end
            as granted_at,
        -- Whatever the as-of of a replay, as with every opt-out.
        joins.ended_at

    from joins
    left join series
        on joins.series_id = series.series_id
    left join granted
        on joins.join_id = granted.join_id
    left join reached
        on joins.join_id = reached.join_id

)

select * from final
