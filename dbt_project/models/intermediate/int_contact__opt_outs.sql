with

suppressions as (

    select * from {{ ref('stg_ledger__suppressions') }}

),

consents as (

    select * from {{ ref('int_customers__consents') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

-- Whatever the as-of of a replay: nobody who has opted out since is contacted.
suppressed as (

    select
        channel_group,
        case channel_group
            when 'email' then {{ normalized_email('address') }}
            else {{ normalized_phone('address') }}
        end as address

    from suppressions
    where lifted_at is null

),

-- An opt-out belongs to the address: one owner's revocation speaks for all.
revoked as (

    select
        contact_points.channel_group,
        contact_points.address

    from consents
    inner join contact_points
        on
            consents.customer_id = contact_points.customer_id
            and consents.channel = contact_points.channel
    where
        consents.is_revoked
        and contact_points.address is not null

),

final as (

    select * from suppressed
    union distinct
    select * from revoked

)

select * from final
