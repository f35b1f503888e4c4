with

customers as (

    select * from {{ ref('int_customers__known') }}

),

shop_rows as (

    select customer_id from {{ ref('stg_shop__customers') }}

),

folded as (

    select
        customer_id,
        {{ folded_id('customer_id') }} as folded_id

    from customers

),

-- Two rows of customers are two customers, whatever their ids look like.
counted as (

    select
        folded.customer_id,
        folded.folded_id,
        sum(case when shop_rows.customer_id is null then 0 else 1 end) over (
            partition by folded.folded_id
        ) as row_count

    from folded
    left join shop_rows
        on folded.customer_id = shop_rows.customer_id

),

final as (

    select
        customer_id,
        'spelling' as kind,
        concat('id:', folded_id) as link

    from counted
    where row_count <= 1

    union all

    -- A guest whose id is the mailbox.
    select
        customer_id,
        'email' as kind,
        concat(
            'email:', {{ mailbox(normalized_email('customer_id')) }}
        ) as link

    from customers
    where customer_id like '%@%'

)

select * from final
