{{ config(materialized='view') }}

with

bandit_steps as (

    select * from {{ ref('bandit_steps') }}

),

final as (

    select
        -- ids
        playbook_id,
        step,
        arm,

        -- facts
        is_on,
        coalesce(is_stopped, false) as is_stopped,
        offer_id,
        coalesce(offer_cost_cents, 0) as offer_cost_cents,

        -- bounds
        coalesce(least_share, 0.1) as least_share,
        coalesce(most_share, 1.0) as most_share,
        coalesce(random_control_share, 0.1) as random_control_share,
        coalesce(discount, 0.99) as discount,
        coalesce(response_days, {{ var('bandit_response_days') }})
            as response_days,
        coalesce(max_opt_out_rate, 0.02) as max_opt_out_rate,
        coalesce(max_complaint_rate, 0.003) as max_complaint_rate

    from bandit_steps

)

select * from final
