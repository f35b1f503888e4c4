with

set_aside as (

    select * from {{ ref('stg_shop__set_aside') }}

),

customers as (

    select
        customer_id,
        {{ folded_id('customer_id') }} as folded_id

    from {{ ref('int_customers__known') }}

),

-- Whatever the as-of of a replay. What could not be read may be an id in another case,
-- so the row holds whoever it may mean.
final as (

    select
        -- ids
        customers.customer_id,
        set_aside.row_key,
        set_aside.load_id,

        -- facts
        set_aside.table_name,
        set_aside.reason,

        -- timestamps
        set_aside.set_aside_at

    from set_aside
    inner join customers
        on {{ folded_id('set_aside.customer_id') }} = customers.folded_id

)

select * from final
