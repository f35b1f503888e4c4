with

people as (

    select * from {{ ref('int_experiments__people') }}

),

-- The first weeks of a playbook bring a backlog that no year repeats: a quarter has to be
-- over before a year is reckoned from it.
counted as (

    select
        sum(
            case
                when entered_at > {{ days_after(-365, as_of()) }} and not is_left_alone
                    then 1
                else 0
            end
        ) as picked,
        least(
            365,
            {{ dbt.datediff('min(entered_at)', as_of(), 'day') }}
        ) as days

    from people

),

final as (

    select cast(365.0 * picked / days as double) as people_a_year
    from counted
    where days >= 90

)

select * from final
