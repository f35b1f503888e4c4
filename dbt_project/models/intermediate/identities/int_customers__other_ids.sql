with

identities as (

    select * from {{ ref('int_customers__identities') }}
    where
        household_size > 1
        and is_whole

),

links as (

    select * from {{ ref('int_customers__links') }}
    where not is_of_many

),

-- `email` sorts before `merged` and `phone`, and so does what it says.
direct as (

    select
        links.customer_id,
        other_links.customer_id as other_id,
        min(links.kind) as shared_kind

    from links
    inner join links as other_links
        on
            links.link = other_links.link
            and links.customer_id != other_links.customer_id
    group by links.customer_id, other_links.customer_id

),

final as (

    select
        -- ids
        identities.customer_id,
        others.customer_id as other_id,

        -- facts
        coalesce(direct.shared_kind, 'others') as shared_kind,
        identities.person_id = others.person_id as is_same_person

    from identities
    inner join identities as others
        on
            identities.household_id = others.household_id
            and identities.customer_id != others.customer_id
    left join direct
        on
            identities.customer_id = direct.customer_id
            and others.customer_id = direct.other_id

)

select * from final
