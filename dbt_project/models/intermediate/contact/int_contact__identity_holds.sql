with

identities as (

    select * from {{ ref('int_customers__identities') }}

),

links as (

    select * from {{ ref('int_customers__links') }}
    where is_of_many

),

other_orders as (

    select * from {{ ref('int_contact__other_orders') }}

),

other_entries as (

    select * from {{ ref('int_contact__other_entries') }}

),

asked_before as (

    select * from {{ ref('int_contact__asked_before') }}

),

fresh_orders as (

    select * from {{ ref('int_contact__fresh_orders') }}

),

returned as (

    select * from {{ ref('int_orders__returned') }}
    where not is_cancelled

),

lapse as (

    select * from {{ ref('int_customers__lapse') }}

),

holds as (

    -- Who is there can't be told to the end, so nobody there is written to.
    select
        customer_id,
        cast(null as varchar) as channel_group,
        'household' as rule,
        true as is_at_step

    from identities
    where not is_whole

    union all

    -- The address is nobody's own; another one of theirs may be.
    select
        customer_id,
        case when kind != 'merged' then kind end as channel_group,
        'household' as rule,
        true as is_at_step

    from links

    union all

    select
        customer_id,
        cast(null as varchar) as channel_group,
        case when is_same_person then 'other_id' else 'household' end as rule,
        true as is_at_step

    from other_orders

    union all

    select
        customer_id,
        cast(null as varchar) as channel_group,
        case when is_same_person then 'other_id' else 'household' end as rule,
        is_earlier as is_at_step

    from other_entries

    union all

    select
        customer_id,
        cast(null as varchar) as channel_group,
        'other_id' as rule,
        false as is_at_step

    from asked_before

    union all

    select
        customer_id,
        cast(null as varchar) as channel_group,
        'in_transit' as rule,
        true as is_at_step

    from fresh_orders

    union all

    -- The shop refunded their own order; they were there all the same.
    select
        returned.customer_id,
        cast(null as varchar) as channel_group,
        'returned' as rule,
        false as is_at_step

    from returned
    inner join lapse
        on returned.customer_id = lapse.customer_id
    where
        {{ dbt.datediff('returned.ordered_date', as_of_date(), 'day') }}
        < lapse.lapse_threshold_days

),

final as (

    select
        -- ids
        customer_id,
        channel_group,

        -- facts
        rule,
        max(case when is_at_step then 1 else 0 end) = 1 as is_at_step

    from holds
    group by customer_id, channel_group, rule

)

select * from final
