with

customers as (

    select * from {{ ref('int_customers__known') }}

),

contact_points as (

    select
        customer_id,
        channel,
        channel_group,
        case
            when channel = 'email' then {{ mailbox('address') }}
            else address
        end as address

    from {{ ref('int_customers__contact_points') }}
    where
        channel in ('email', 'sms')
        and address is not null

),

merged as (

    select
        customer_id,
        merged_into

    from {{ ref('stg_shop__customers') }}
    where merged_into != customer_id

),

id_links as (

    select * from {{ ref('int_customers__id_links') }}

),

mailboxes as (

    select
        customer_id,
        address

    from contact_points
    where channel = 'email'

),

links as (

    select
        customer_id,
        channel_group as kind,
        concat(channel_group, ':', address) as link

    from contact_points

    union all

    -- An id and those that were merged into it.
    select
        customer_id,
        'merged' as kind,
        concat('merged:', merged_into) as link

    from merged

    union distinct

    select
        merged_into as customer_id,
        'merged' as kind,
        concat('merged:', merged_into) as link

    from merged

    union distinct

    select
        customer_id,
        kind,
        link

    from id_links

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
