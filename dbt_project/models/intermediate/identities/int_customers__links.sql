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

counts as (

    select
        link,
        count(*) as id_count

    from links
    group by link
    having count(*) > 1

),

owned as (

    select
        links.customer_id,
        links.kind,
        links.link,
        counts.id_count,
        mailboxes.address,
        lower(customers.first_name) as first_name

    from links
    inner join counts
        on links.link = counts.link
    left join mailboxes
        on links.customer_id = mailboxes.customer_id
    left join customers
        on links.customer_id = customers.customer_id

),

-- A phone tells a person only where nothing tells its owners apart.
told_apart as (

    select
        *,
        coalesce(
            min(address) over (partition by link)
            != max(address) over (partition by link),
            false
        )
        or coalesce(
            min(first_name) over (partition by link)
            != max(first_name) over (partition by link),
            false
        ) as has_several_owners

    from owned

),

shared as (

    select
        *,
        kind != 'phone' or not has_several_owners as is_person

    from told_apart

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
