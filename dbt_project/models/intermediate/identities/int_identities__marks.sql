{{ config(materialized='view') }}

with

contact_points as (

    select
        customer_id,
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

final as (

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

)

select * from final
