with

looks as (

    select * from {{ ref('int_experiments__judged_looks') }}

),

final as (

    select
        -- ids
        cast(plan_id as varchar) as plan_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(window_days as bigint) as window_days,
        cast(look as bigint) as look,

        -- numerics
        cast(n_treatment as bigint) as n_treatment,
        cast(n_control as bigint) as n_control,
        cast(rate_treatment as double) as rate_treatment,
        cast(rate_control as double) as rate_control,
        cast(estimate as double) as estimate,
        cast(standard_error as double) as standard_error,
        cast(bound as double) as bound,
        cast(ci_low as double) as ci_low,
        cast(ci_high as double) as ci_high,

        -- facts
        cast(is_adjusted as boolean) as is_adjusted,
        cast(verdict as varchar) as verdict,

        -- timestamps
        cast(looked_at as {{ timestamptz_type() }}) as looked_at,
        cast(decided_at as {{ timestamptz_type() }}) as decided_at

    from looks

)

select * from final
