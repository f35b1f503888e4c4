with

histories as (

    select *
    from {{ ref('int_predictions__histories') }}
    where purpose like 'fitted %'

),

trained as (

    select
        *,
        replace(purpose, 'fitted ', '') as role,
        min(first_date) over (partition by purpose) as trained_from

    from histories

),

grouped as (

    select
        role,
        trained_from,
        cutoff_date,
        'orders' as kind,
        repeats,
        last_week,
        weeks,
        cast(null as double) as mean_cents,
        count(*) as customers

    from trained
    group by role, trained_from, cutoff_date, repeats, last_week, weeks
    union all
    select
        role,
        trained_from,
        cutoff_date,
        'spend' as kind,
        repeats,
        cast(null as double) as last_week,
        cast(null as double) as weeks,
        mean_cents,
        count(*) as customers

    from trained
    where mean_cents is not null
    group by role, trained_from, cutoff_date, repeats, mean_cents

),

final as (

    select
        -- ids
        cast(
            {{ dbt.concat(["role", "'-'", "cast(cutoff_date as varchar)"]) }}
            as varchar
        ) as fit_id,

        -- facts
        cast(role as varchar) as role,
        cast(kind as varchar) as kind,

        -- numerics
        cast({{ var('prediction_horizon_days') }} as bigint) as horizon_days,
        cast(repeats as bigint) as repeats,
        cast(last_week as double) as last_week,
        cast(weeks as double) as weeks,
        cast(customers as bigint) as customers,

        -- money
        cast(mean_cents as double) as mean_cents,

        -- dates
        cast(trained_from as date) as trained_from,
        cast(cutoff_date as date) as trained_until

    from grouped

)

select * from final
