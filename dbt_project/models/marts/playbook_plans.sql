with

tests as (

    select * from {{ ref('int_experiments__tests') }}

),

awaited as (

    select
        *,
        -- Of a test whose last customer has entered, that one's window.
        ceil(
            (customers - least(customers, entered_by_plan))
            / nullif(entries_a_day, 0)
        ) + window_days as days_to_verdict

    from tests

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(plan_id as varchar) as plan_id,

        -- facts
        cast(base_rate_source as varchar) as base_rate_source,

        -- where it starts from
        cast(holdout_share as double) as holdout_share,
        cast(window_days as bigint) as window_days,
        cast(base_rate_customers as bigint) as base_rate_customers,
        cast(base_rate as double) as base_rate,
        cast(entered as bigint) as entered,
        cast(entries_a_day as double) as entries_a_day,

        -- what a verdict asks for
        cast(smallest_effect as double) as smallest_effect,
        cast(alpha as double) as alpha,
        cast(sequential_tuning_customers as bigint) as tuned_for_customers,
        cast(min_customers_per_arm as bigint) as min_customers_per_arm,
        cast(min_expected_reactivations as double)
            as min_expected_reactivations,
        cast(longest_days as bigint) as longest_days,
        cast(customers_needed as bigint) as customers_needed,

        -- the plan, and how far it has come
        cast(effect as double) as planned_effect,
        cast(customers as bigint) as planned_customers,
        cast(planned_looks as bigint) as looks,
        cast(looks_made as bigint) as looks_made,
        cast(entered_by_plan as bigint) as entered_by_plan,
        cast(matured as bigint) as matured,
        cast(started_at as {{ timestamptz_type() }}) as started_at,
        cast(decided_at as {{ timestamptz_type() }}) as decided_at,
        cast(first_verdict_at as {{ timestamptz_type() }}) as first_verdict_at,
        cast(
            case
                when last_look_at is not null
                    then {{ local_date('last_look_at', shop_zone()) }}
                when days_to_verdict <= 365
                    then {{ dbt.dateadd(
                        'day', 'cast(days_to_verdict as integer)', as_of_date()
                    ) }}
            end as date
        ) as verdict_on

    from awaited

)

select * from final
