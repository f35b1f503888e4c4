{#- Without it nobody knows what is left of a sale. -#}
{%- set margin = 'null' if var('gross_margin_share') is none else var('gross_margin_share') -%}

with

results as (

    select * from {{ ref('int_experiments__results') }}
    where contrast = 'treatment-vs-holdout'

),

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}
    where
        is_mature
        and arm = 'treatment'

),

messages as (

    select * from {{ ref('int_messages__all') }}
    where has_left

),

-- What was spent on those whose window is over, in their window: the result is theirs.
costs as (

    select
        enrollment_windows.playbook_id,
        enrollment_windows.window_days,
        sum(messages.cost_cents) as cost_cents

    from enrollment_windows
    inner join messages
        on
            enrollment_windows.enrollment_id = messages.enrollment_id
            and enrollment_windows.ends_at >= messages.left_at
    group by
        enrollment_windows.playbook_id,
        enrollment_windows.window_days

),

customers as (

    select * from results
    where metric = 'reactivation'

),

revenue as (

    select * from results
    where metric = 'revenue_per_customer'

),

guesses as (

    select * from {{ ref('int_experiments__shop') }}
    where method = 'best-guess'

),

-- Groups that are not as planned show nothing.
counted as (

    select
        customers.playbook_id,
        customers.window_days,
        customers.n_treatment,
        customers.verdict,
        case when customers.verdict <> 'withheld' then customers.n_treatment end
            as counts,
        customers.estimate,
        customers.sequential_ci_low,
        customers.sequential_ci_high,
        revenue.estimate as revenue_estimate,
        revenue.sequential_ci_low as revenue_low,
        revenue.sequential_ci_high as revenue_high,
        revenue.estimate * {{ margin }} as margin_estimate,
        coalesce(costs.cost_cents, 0) as cost_cents,
        guesses.estimate as best_guess

    from customers
    left join guesses
        on
            customers.playbook_id = guesses.playbook_id
            and customers.window_days = guesses.window_days
            and customers.metric = guesses.metric
    left join revenue
        on
            customers.playbook_id = revenue.playbook_id
            and customers.window_days = revenue.window_days
    left join costs
        on
            customers.playbook_id = costs.playbook_id
            and customers.window_days = costs.window_days

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(window_days as bigint) as window_days,

        -- facts
        cast(verdict as varchar) as verdict,

        -- numerics
        cast(n_treatment as bigint) as n_treatment,
        cast(counts * estimate as double) as incremental_customers,
        cast(counts * sequential_ci_low as double)
            as incremental_customers_low,
        cast(counts * sequential_ci_high as double)
            as incremental_customers_high,
        cast(counts * best_guess as double) as best_guess_customers,

        -- money
        cast(counts * revenue_estimate as double)
            as incremental_revenue_cents,
        cast(counts * revenue_low as double) as incremental_revenue_cents_low,
        cast(counts * revenue_high as double)
            as incremental_revenue_cents_high,
        cast(cost_cents as decimal(18, 4)) as cost_cents,
        cast(
            case
                when counts * estimate > 0
                    then cast(cost_cents as double) / (counts * estimate)
            end as double
        ) as cost_per_incremental_customer_cents,
        cast(counts * margin_estimate as double) as incremental_margin_cents,
        cast(counts * margin_estimate - cast(cost_cents as double) as double)
            as net_value_cents,
        cast(
            counts * margin_estimate / nullif(cast(cost_cents as double), 0) - 1
            as double
        ) as return_on_cost

    from counted

)

select * from final
