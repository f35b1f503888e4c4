with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}
    where is_lapsed

),

reasons as (

    select * from {{ ref('int_customers__lapse_reason') }}

),

stated as (

    select * from {{ ref('int_lapse__stated_reasons') }}

),

worded as (

    select
        reasons.lapse_reason,
        reasons.lapse_reason_source,
        stated.lapse_words,
        count(*) as customers

    from customers
    inner join reasons
        on customers.customer_id = reasons.customer_id
    left join stated
        on reasons.customer_id = stated.customer_id
    group by
        reasons.lapse_reason,
        reasons.lapse_reason_source,
        stated.lapse_words

),

-- What few have said could tell who it was.
hidden as (

    select
        lapse_reason,
        lapse_reason_source,
        case
            when customers >= {{ var('reason_words_min_customers') }}
                then lapse_words
        end as lapse_words,
        customers

    from worded

),

final as (

    select
        -- ids
        cast(lapse_reason as varchar) as lapse_reason,
        cast(lapse_reason_source as varchar) as lapse_reason_source,
        cast(lapse_words as varchar) as lapse_words,

        -- numerics
        cast(sum(customers) as bigint) as customers

    from hidden
    group by lapse_reason, lapse_reason_source, lapse_words

)

select * from final
