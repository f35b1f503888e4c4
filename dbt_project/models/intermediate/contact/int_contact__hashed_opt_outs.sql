with

suppressions as (

    select * from {{ ref('stg_ledger__suppressions') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

formers as (

    select * from {{ ref('int_phones__formers') }}

),

-- Whatever the as-of of a replay, as with all opt-outs.
listed as (

    select
        channel_group,
        address as address_hash

    from suppressions
    where
        lifted_at is null
        and address like 'sha256:%'

),

-- Nobody's address is hashed where there is no such list.
asked as (

    select distinct
        channel_group,
        address

    from contact_points
    where
        address is not null
        and exists (select 1 from listed)

),

-- A list may name a phone in another spelling.
spelled_in_full as (

    select
        channel_group,
        address,
        address as spelling

    from asked
    union all
    select
        'phone' as channel_group,
        address,
        spelling

    from formers

),

-- Some lists leave the plus of a phone out.
spelled as (

    select * from spelled_in_full

    union all

    select
        channel_group,
        address,
        substring(spelling, 2) as spelling

    from spelled_in_full
    where spelling like '+%'

),

hashed as (

    select
        channel_group,
        address,
        {{ address_hash('spelling') }} as address_hash

    from spelled

),

final as (

    select distinct
        hashed.channel_group,
        hashed.address

    from hashed
    inner join listed
        on
            hashed.channel_group = listed.channel_group
            and hashed.address_hash = listed.address_hash

)

select * from final
