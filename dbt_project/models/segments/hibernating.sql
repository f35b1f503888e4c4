/*
    Rule:     bought once or twice, is among the 40 % whose last order lies
              furthest back, and has lapsed, but is not lost yet.
    Grain:    one row per customer.
    Priority: none; no shipped playbook takes it
*/
with

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

final as (

    select customer_id from customers
    where
        rfm_segment = 'hibernating'
        and lapse_stage in (
            '{{ var("rfm_win_back_stages") | join("', '") }}'  -- noqa: LT05
        )

)

select * from final
