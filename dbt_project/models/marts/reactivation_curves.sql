{%- set most_days = var('reactivation_windows') | max -%}

with

people as (

    select * from {{ ref('int_returns__days') }}

),

days as (

    {% for day in range(1, most_days + 1) %}
    select {{ day }} as day
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

-- Who was watched over all of a day and had not come back before it.
at_risk as (

    select
        people.playbook_id,
        people.arm,
        days.day,
        sum(people.people) as waiting,
        sum(case when people.return_day = days.day then people.people else 0 end)
            as reactivated

    from people
    inner join days
        on
            people.watched_days >= days.day
            and coalesce(people.return_day >= days.day, true)
    group by people.playbook_id, people.arm, days.day

),

-- The product of what is left after each day, as a sum of logarithms; nobody is left
-- after a day on which all who still waited came back.
survival as (

    select
        *,
        sum(
            case
                when reactivated < waiting
                    then
                        ln(
                            cast(waiting - reactivated as double)
                            / cast(waiting as double)
                        )
            end
        ) over (partition by playbook_id, arm order by day) as log_left,
        max(case when reactivated = waiting then 1 else 0 end)
            over (partition by playbook_id, arm order by day) as is_nobody_left

    from at_risk

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(arm as varchar) as arm,
        cast(day as bigint) as day,

        -- numerics
        cast(waiting as bigint) as waiting,
        cast(reactivated as bigint) as reactivated,
        cast(
            round(
                case when is_nobody_left = 1 then 1 else 1 - exp(log_left) end,
                9
            ) as double
        ) as reactivated_share

    from survival

)

select * from final
