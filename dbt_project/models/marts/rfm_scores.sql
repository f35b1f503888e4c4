with

rfm as (

    select * from {{ ref('int_customers__rfm') }}

),

final as (

    select
        -- ids
        customer_id,

        -- numerics
        recency_days,
        frequency,
        monetary_cents,
        r_score,
        f_score,
        m_score,

        -- facts
        rfm_segment

    from rfm

)

select * from final
