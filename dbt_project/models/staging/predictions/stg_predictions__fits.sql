with

fits as (

    select * from {{ source('predictions', 'fits') }}

),

final as (

    select
        -- ids
        cast(fit_id as varchar) as fit_id,

        -- facts
        cast(role as varchar) as role,

        -- numerics
        cast(horizon_days as bigint) as horizon_days,
        cast(customers as bigint) as customers,
        cast(spenders as bigint) as spenders,
        cast(r as double) as r,
        cast(alpha_weeks as double) as alpha_weeks,
        cast(a as double) as a,
        cast(b as double) as b,
        cast(orders_log_likelihood as double) as orders_log_likelihood,
        cast(p as double) as p,
        cast(q as double) as q,
        cast(spend_log_likelihood as double) as spend_log_likelihood,

        -- money
        cast(gamma_cents as double) as gamma_cents,

        -- dates
        cast(trained_from as date) as trained_from,
        cast(trained_until as date) as trained_until

    from fits

)

select * from final
