{{ config(materialized='view') }}

with

-- The last day of each of the last months, and the day of the run.
final as (

    select
        0 as snapshot_number,
        {{ as_of_date() }} as snapshot_date

    {% for number in range(1, var('rfm_history_months') + 1) %}
    union all

    select
        {{ number }} as snapshot_number,
        cast(
            {{ dbt.dateadd(
                'day', -1,
                dbt.dateadd(
                    'month', 1 - number,
                    dbt.date_trunc('month', as_of_date())
                )
            ) }} as date
        ) as snapshot_date
    {% endfor %}

)

select * from final
