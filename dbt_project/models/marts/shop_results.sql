with

results as (

    select * from {{ ref('int_experiments__shop') }}
    where method <> 'best-guess'

),

people_a_year as (

    select * from {{ ref('int_experiments__people_a_year') }}

),

-- A year is reckoned for people, and so from the people who were left alone by all playbooks.
with_years as (

    select
        results.*,
        people_a_year.people_a_year

    from results
    left join people_a_year
        on results.method = 'global-holdout'

),

final as (

    select
        -- ids
        cast(method as varchar) as method,
        cast(metric as varchar) as metric,
        cast(window_days as bigint) as window_days,

        -- facts
        cast(verdict as varchar) as verdict,

        -- numerics
        cast(playbooks as bigint) as playbooks,
        cast(n_treatment as bigint) as n_treatment,
        cast(n_control as bigint) as n_control,
        cast(estimate as double) as estimate,
        cast(standard_error as double) as standard_error,
        cast(ci_low as double) as ci_low,
        cast(ci_high as double) as ci_high,
        cast(sequential_ci_low as double) as sequential_ci_low,
        cast(sequential_ci_high as double) as sequential_ci_high,
        cast(srm_p_value as double) as srm_p_value,
        cast(spread as double) as spread,
        cast(people_a_year as double) as people_a_year,
        cast(people_a_year * estimate as double) as a_year,
        cast(people_a_year * sequential_ci_low as double) as a_year_low,
        cast(people_a_year * sequential_ci_high as double) as a_year_high

    from with_years

)

select * from final
