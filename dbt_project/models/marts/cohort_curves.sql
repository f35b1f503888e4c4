with

months as (

    select * from {{ ref('int_customers__months') }}

),

cohorts as (

    select
        cohort_month,
        customers

    from months
    where months_since = 0

),

numbers as (

    {% for number in range(var('cohort_months') + 1) %}
    select {{ number }} as months_since
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

-- Also the months in which nobody of a cohort ordered, up to the running one.
grid as (

    select
        cohorts.cohort_month,
        cohorts.customers,
        numbers.months_since,
        cast(
            {{ dbt.dateadd(
                'month', 'numbers.months_since + 1', 'cohorts.cohort_month'
            ) }} as date
        ) as next_month

    from cohorts
    inner join numbers
        on
            numbers.months_since
            <= {{ dbt.datediff('cohorts.cohort_month', as_of_date(), 'month') }}

),

final as (

    select
        -- ids
        cast(grid.cohort_month as date) as cohort_month,
        cast(grid.months_since as bigint) as months_since,

        -- facts
        grid.next_month <= {{ as_of_date() }} as is_over,

        -- numerics
        cast(grid.customers as bigint) as customers,
        cast(coalesce(months.customers, 0) as bigint) as customers_ordering,
        cast(coalesce(months.customers, 0) as double)
        / cast(grid.customers as double) as ordering_share,

        -- money
        cast(coalesce(months.net_revenue_cents, 0) as bigint)
            as net_revenue_cents,
        cast(
            sum(coalesce(months.net_revenue_cents, 0)) over (
                partition by grid.cohort_month
                order by grid.months_since
            ) as bigint
        ) as cumulative_revenue_cents,
        cast(
            sum(coalesce(months.net_revenue_cents, 0)) over (
                partition by grid.cohort_month
                order by grid.months_since
            ) as double
        ) / cast(grid.customers as double)
            as cumulative_revenue_per_customer_cents

    from grid
    left join months
        on
            grid.cohort_month = months.cohort_month
            and grid.months_since = months.months_since

)

select * from final
