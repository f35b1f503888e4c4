with

suppressions as (

    select * from {{ ref('stg_ledger__suppressions') }}

),

address_keys as (

    select * from {{ ref('stg_ledger__address_keys') }}

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

formers as (

    select * from {{ ref('int_phones__formers') }}

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

-- Of an erased address a keyed hash is left.
hidden as (

    select
        channel_group,
        address as hidden_address

    from suppressed
    where address like 'hmac:%'

),

-- Nobody's address is hashed where nobody was ever erased.
needed_keys as (

    select * from address_keys
    where exists (select 1 from hidden)

),

-- A phone may have been erased under another spelling.
spelled as (

    select distinct
        channel_group,
        address,
        address as spelling

    from contact_points
    where address is not null
    union all
    select
        'phone' as channel_group,
        address,
        spelling

    from formers

),

hashed as (

    select
        spelled.channel_group,
        spelled.address,
        {{ hidden_address(
            'spelled.spelling',
            'needed_keys.inner_pad',
            'needed_keys.outer_pad'
        ) }} as hidden_address

    from spelled
    cross join needed_keys

),

-- Whoever was erased and is in the shop's file again.
returned as (

    select
        hashed.channel_group,
        hashed.address

    from hashed
    inner join hidden
        on
            hashed.channel_group = hidden.channel_group
            and hashed.hidden_address = hidden.hidden_address

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
