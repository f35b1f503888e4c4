with

customers as (

    select * from {{ ref('int_customers__known') }}

),

links as (

    select * from {{ ref('int_customers__links') }}

),

joined as (

    select * from {{ ref('int_identities__joined') }}

),

sized as (

    select
        *,
        count(*) over (partition by person_id) as person_size,
        count(*) over (partition by household_id) as household_size,
        max(case when is_loose then 1 else 0 end) over (
            partition by person_id
        ) as person_loose_count,
        max(case when is_loose then 1 else 0 end) over (
            partition by household_id
        ) as household_loose_count

    from joined

),

kinds as (

    select
        customer_id,
        {{ sorted_list("case when not is_of_many then kind end") }} as joined_by,
        {{ sorted_list("case when is_of_many then kind end") }} as of_many

    from links
    group by customer_id

),

final as (

    select
        -- ids
        customers.customer_id,
        coalesce(sized.person_id, customers.customer_id) as person_id,
        coalesce(sized.household_id, customers.customer_id) as household_id,

        -- numerics
        cast(coalesce(sized.person_size, 1) as bigint) as person_size,
        cast(coalesce(sized.household_size, 1) as bigint) as household_size,

        -- facts
        coalesce(kinds.joined_by, '') as joined_by,
        coalesce(kinds.of_many, '') as of_many,
        coalesce(
            sized.person_loose_count + sized.household_loose_count, 0
        ) = 0
        and coalesce(sized.household_size, 1)
        <= {{ var('person_max_ids') }} as is_whole

    from customers
    left join sized
        on customers.customer_id = sized.customer_id
    left join kinds
        on customers.customer_id = kinds.customer_id

)

select * from final
