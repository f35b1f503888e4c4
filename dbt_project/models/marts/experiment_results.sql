with

results as (

    select * from {{ ref('int_experiments__results') }}

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(contrast as varchar) as contrast,
        cast(metric as varchar) as metric,
        cast(window_days as bigint) as window_days,

        -- numerics
        cast(n_treatment as bigint) as n_treatment,
        cast(n_control as bigint) as n_control,
        cast(open_treatment as bigint) as open_treatment,
        cast(open_control as bigint) as open_control,
        cast(rate_treatment as double) as rate_treatment,
        cast(rate_control as double) as rate_control,
        cast(estimate as double) as estimate,
        cast(standard_error as double) as standard_error,
        cast(ci_low as double) as ci_low,
        cast(ci_high as double) as ci_high,
        cast(p_value as double) as p_value,
        cast(sequential_ci_low as double) as sequential_ci_low,
        cast(sequential_ci_high as double) as sequential_ci_high,
        cast(srm_p_value as double) as srm_p_value,
        cast(km_estimate as double) as km_estimate,
        cast(km_ci_low as double) as km_ci_low,
        cast(km_ci_high as double) as km_ci_high,
        cast(holm_p_value as double) as holm_p_value,
        cast(holm_sequential_p_value as double) as holm_sequential_p_value,

        -- with the noise taken out that was known before the entry
        cast(is_adjusted as boolean) as is_adjusted,
        cast(adjusted_estimate as double) as adjusted_estimate,
        cast(adjusted_standard_error as double) as adjusted_standard_error,
        cast(adjusted_ci_low as double) as adjusted_ci_low,
        cast(adjusted_ci_high as double) as adjusted_ci_high,
        cast(adjusted_p_value as double) as adjusted_p_value,
        cast(adjusted_sequential_ci_low as double)
            as adjusted_sequential_ci_low,
        cast(adjusted_sequential_ci_high as double)
            as adjusted_sequential_ci_high,
        cast(variance_reduction as double) as variance_reduction,

        -- with the largest spenders counted up to a cap
        cast(winsorized_estimate as double) as winsorized_estimate,
        cast(winsorized_ci_low as double) as winsorized_ci_low,
        cast(winsorized_ci_high as double) as winsorized_ci_high,
        cast(winsorized_sequential_ci_low as double)
            as winsorized_sequential_ci_low,
        cast(winsorized_sequential_ci_high as double)
            as winsorized_sequential_ci_high,

        -- facts
        cast(verdict as varchar) as verdict,

        -- timestamps
        cast(decided_at as {{ timestamptz_type() }}) as decided_at

    from results

)

select * from final
