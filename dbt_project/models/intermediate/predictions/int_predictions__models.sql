with

fits as (

    select * from {{ ref('stg_predictions__fits') }}

),

-- A past day knows only the fits of its past.
ranked as (

    select
        *,
        row_number() over (
            partition by role
            order by trained_until desc, fit_id asc
        ) as newness

    from fits
    where trained_until < {{ as_of_date() }}

),

final as (

    select
        -- ids
        fit_id,

        -- facts
        role,

        -- numerics
        horizon_days,
        customers,
        spenders,
        r,
        alpha_weeks,
        a,
        b,
        p,
        q,

        -- money
        gamma_cents,

        -- dates
        trained_from,
        trained_until

    from ranked
    where newness = 1

)

select * from final
