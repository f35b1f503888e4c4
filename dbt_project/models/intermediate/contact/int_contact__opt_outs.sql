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

named_by_hash as (

    select * from {{ ref('int_contact__hashed_opt_outs') }}

),

hidden_addresses as (

    select * from {{ ref('int_contact__hidden_addresses') }}

),

-- Whatever the as-of of a replay: nobody who has opted out since is contacted.
suppressed as (

    select
        channel_group,
        {{ normalized_address('address') }} as address

    from suppressions
    where lifted_at is null

),

-- Whoever was erased and is in the shop's file again.
returned as (

    select
        hidden_addresses.channel_group,
        hidden_addresses.address

    from suppressed
    inner join hidden_addresses
        on
            suppressed.channel_group = hidden_addresses.channel_group
            and suppressed.address = hidden_addresses.hidden_address

),

refusals as (

    select
        customer_id,
        channel

    from consents
    where is_revoked

    union all

    select
        customer_id,
        channel

    from {{ ref('int_contact__merged_refusals') }}

),

-- An opt-out belongs to the address: one owner's revocation speaks for all.
revoked as (

    select
        contact_points.channel_group,
        contact_points.address

    from refusals
    inner join contact_points
        on
            refusals.customer_id = contact_points.customer_id
            and refusals.channel = contact_points.channel
    where contact_points.address is not null

),

final as (

    select * from suppressed
    union distinct
    select * from returned
    union distinct
    select
        channel_group,
        address
    from named_by_hash
    union distinct
    select * from revoked

)

select * from final
