with

people as (

    select * from {{ ref('dec_audiences__people') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

final as (

    select
        -- ids
        people.customer_id,

        -- verdicts
        people.list_kind,
        people.reason,

        -- contact data
        case when people.list_kind != 'none' then emails.address end as email,
        case when people.list_kind != 'none' then phones.address end as phone

    from people
    left join contact_points as emails
        on
            people.customer_id = emails.customer_id
            and emails.channel = 'email'
    left join contact_points as phones
        on
            people.customer_id = phones.customer_id
            and phones.channel = 'sms'

)

select * from final
