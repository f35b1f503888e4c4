with

results as (

    select * from {{ ref('int_bandit__results') }}

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(step as bigint) as step,
        cast(policy as varchar) as policy,

        -- what deciding added: the row of the policy learned
        cast(n_bandit as bigint) as n_bandit,
        cast(n_random as bigint) as n_random,
        cast(rate_bandit as double) as rate_bandit,
        cast(rate_random as double) as rate_random,
        cast(gain as double) as gain,
        cast(ci_low as double) as ci_low,
        cast(ci_high as double) as ci_high,
        cast(p_value as double) as p_value,
        cast(sequential_ci_low as double) as sequential_ci_low,
        cast(sequential_ci_high as double) as sequential_ci_high,
        cast(srm_p_value as double) as srm_p_value,
        cast(verdict as varchar) as verdict,

        -- what everybody would have brought by one arm: the other rows
        cast(customers as bigint) as customers,
        cast(ips_rate as double) as ips_rate,
        cast(ips_se as double) as ips_se,
        cast(snips_rate as double) as snips_rate,
        cast(snips_se as double) as snips_se,
        cast(dr_rate as double) as dr_rate,
        cast(dr_se as double) as dr_se

    from results

)

select * from final
