with

suppressions as (

    select * from {{ ref('stg_ledger__suppressions') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

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

-- Some lists leave the plus of a phone out.
spelled as (

    select
        channel_group,
        address,
        address as spelling

    from asked

    union all

    select
        channel_group,
        address,
        substring(address, 2) as spelling

    from asked
    where address like '+%'

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
