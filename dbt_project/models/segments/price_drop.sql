/*
    Rule:     a product that the person looked at or put in a cart within 30
              days now costs at least 10 % less than when they last saw it, by
              price_changes, and they have not bought anything since. Who has
              seen the lower price already is out, and so is who saw a price
              that price_changes doesn't tell.
    Grain:    one row per customer, whatever the number of such products.
    Priority: price_drop_note 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

interests as (

    select * from {{ ref('int_customers__interests') }}

),

final as (

    select distinct customers.customer_id
    from customers
    inner join interests
        on customers.customer_id = interests.customer_id
    where
        interests.last_seen_at
        > {{ days_after('-' ~ var('price_drop_seen_days'), as_of()) }}
        and {{ is_price_drop(
            'interests.price_seen_cents', 'interests.price_now_cents'
        ) }}

)

select * from final
