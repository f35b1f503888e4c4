with

customers as (

    select * from {{ ref('int_customers__known') }}

),

phones as (

    select * from {{ ref('int_customers__dialing') }}

),

products as (

    select * from {{ ref('int_customers__products') }}

),

browsing as (

    select * from {{ ref('int_customers__browsing') }}

),

-- All rows of a phone name one country.
phone_countries as (

    select
        customer_id,
        max(country) as country

    from phones
    group by customer_id

),

final as (

    select
        -- ids
        customers.customer_id,

        -- contact data
        -- A record filled from the mailbox alone has its name as it stands there.
        case
            when
                substr(
                    lower(customers.email), 1, length(customers.first_name) + 1
                ) = concat(customers.first_name, '@')
                then null
            else customers.first_name
        end as first_name,

        -- place
        coalesce(customers.country, phone_countries.country) as country,
        customers.region,

        -- facts
        products.last_product_name,
        products.last_product_url,
        products.top_product_name,
        products.top_product_url,
        browsing.last_viewed_product_name,
        browsing.last_viewed_product_url,
        products.favorite_category

    from customers
    left join phone_countries
        on customers.customer_id = phone_countries.customer_id
    left join products
        on customers.customer_id = products.customer_id
    left join browsing
        on customers.customer_id = browsing.customer_id

)

select * from final
