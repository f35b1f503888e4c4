with

histories as (

    select *
    from {{ ref('int_predictions__histories') }}
    where purpose like 'fitted %'

),

trained as (

    select
        *,
        -- In steps of one percent: customers with nearly the same mean are one row.
        cast(round(100 * ln(mean_cents), 0) as bigint) as mean_step,
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
        cast(null as bigint) as mean_step,
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
        mean_step,
        count(*) as customers

    from trained
    where mean_step is not null
    group by role, trained_from, cutoff_date, repeats, mean_step

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
        cast(mean_step as bigint) as mean_step,

        -- dates
        cast(trained_from as date) as trained_from,
        cast(cutoff_date as date) as trained_until

    from grouped

)

select * from final
