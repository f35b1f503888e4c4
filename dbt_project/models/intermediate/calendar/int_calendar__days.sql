{{ config(materialized='view') }}

with

numbers as (

    {{ dbt.generate_series(var('calendar_days')) }}

),

final as (

    select
        cast(
            {{ dbt.dateadd(
                'day',
                'cast(generated_number as integer) - 1',
                "cast('" ~ var('calendar_from') ~ "' as date)"
            ) }} as date
        ) as date_day

    from numbers

)

select * from final
