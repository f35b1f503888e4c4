with

suppressions as (

    select * from {{ ref('stg_ledger__suppressions') }}

),

conversations as (

    select * from {{ ref('int_contact__open_conversations') }}

),

address_keys as (

    select * from {{ ref('stg_ledger__address_keys') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

formers as (

    select * from {{ ref('int_phones__formers') }}

),

-- Of an erased address a keyed hash is left, and of one that wrote to us before any
-- message of ours had gone to it.
named as (

    select
        channel_group,
        address as hidden_address

    from suppressions
    where
        lifted_at is null
        and address like 'hmac:%'

    union distinct

    select
        channel_group,
        hidden_address

    from conversations
    where customer_id is null

),

-- Nobody's address is hashed where nothing is named by a hash.
needed_keys as (

    select * from address_keys
    where exists (select 1 from named)

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
        spelled.spelling,
        {{ hidden_address(
            'spelled.spelling',
            'needed_keys.inner_pad',
            'needed_keys.outer_pad'
        ) }} as hidden_address

    from spelled
    cross join needed_keys

),

final as (

    select
        -- contact data
        hashed.channel_group,
        hashed.address,
        hashed.hidden_address,

        -- facts
        hashed.spelling != hashed.address as is_former_spelling

    from hashed
    inner join named
        on
            hashed.channel_group = named.channel_group
            and hashed.hidden_address = named.hidden_address

)

select * from final
