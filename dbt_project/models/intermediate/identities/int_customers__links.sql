with

customers as (

    select * from {{ ref('int_customers__known') }}

),

links as (

    select * from {{ ref('int_identities__marks') }}

),

mailboxes as (

    select
        customer_id,
        {{ mailbox('address') }} as address

    from {{ ref('int_customers__contact_points') }}
    where
        channel = 'email'
        and address is not null

),

-- A phone tells a person only where nothing tells its owners apart.
told_apart as (

    select
        links.customer_id,
        links.kind,
        links.link,
        count(*) over (partition by links.link) as id_count,
        coalesce(
            min(mailboxes.address) over (partition by links.link)
            != max(mailboxes.address) over (partition by links.link),
            false
        )
        or coalesce(
            min(lower(customers.first_name)) over (partition by links.link)
            != max(lower(customers.first_name)) over (partition by links.link),
            false
        ) as has_several_owners

    from links
    left join mailboxes
        on links.customer_id = mailboxes.customer_id
    left join customers
        on links.customer_id = customers.customer_id

),

shared as (

    select
        *,
        kind != 'phone' or not has_several_owners as is_person

    from told_apart
    where id_count > 1

),

final as (

    select
        -- ids
        customer_id,
        link,

        -- facts
        kind,
        is_person,
        cast(id_count as bigint) as id_count,
        id_count > case
            when is_person then {{ var('person_max_ids') }}
            else {{ var('household_max_ids') }}
        end as is_of_many

    from shared

)

select * from final
