/*
    Rule:     answered, within the last 30 days and since their last order, a step
              that asks why they stayed away and promises something for it;
              whatever they wrote.
    Grain:    one row per customer.
    Priority: feedback_thanks 1
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

feedback as (

    select * from {{ ref('int_customers__feedback') }}

),

final as (

    select customers.customer_id
    from customers
    inner join feedback
        on customers.customer_id = feedback.customer_id
    where
        {{ days_after(var('feedback_thanks_days'), 'feedback.answered_at') }}
        > {{ as_of() }}

)

select * from final
