with

set_aside as (

    select * from {{ ref('int_contact__unread_rows') }}

),

unclear_consents as (

    select * from {{ ref('int_contact__unclear_consents') }}

),

told as (

    select
        customer_id,
        table_name,
        row_key,
        reason,
        'held' as effect,
        load_id,
        set_aside_at as since_at

    from set_aside

    union all

    select
        customer_id,
        'consents' as table_name,
        consent_channel as row_key,
        reason,
        'counts as a no' as effect,
        cast(null as varchar) as load_id,
        last_occurred_at as since_at

    from unclear_consents

),

final as (

    select
        -- ids
        cast(customer_id as varchar) as customer_id,
        cast(row_key as varchar) as row_key,
        cast(load_id as varchar) as load_id,

        -- facts
        cast(table_name as varchar) as table_name,
        cast(reason as varchar) as reason,
        cast(effect as varchar) as effect,

        -- timestamps
        cast(since_at as {{ timestamptz_type() }}) as since_at

    from told

)

select * from final
