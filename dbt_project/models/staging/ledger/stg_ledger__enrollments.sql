with

latest as (

    {{ latest_version(source('ledger', 'enrollments'), 'enrollment_id') }}

),

final as (

    select
        -- ids
        cast(enrollment_id as varchar) as enrollment_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,
        cast(episode_order_id as varchar) as episode_order_id,
        cast(offer_id as varchar) as offer_id,

        -- facts
        cast(segment as varchar) as segment,
        cast(arm as varchar) as arm,
        cast(variant as varchar) as variant,
        cast(planned_shares as varchar) as planned_shares,

        -- numerics
        cast(global_holdout_share as double) as global_holdout_share,

        -- timestamps
        cast(entered_at as {{ timestamptz_type() }}) as entered_at,
        cast(offer_expires_at as {{ timestamptz_type() }}) as offer_expires_at

    from latest

)

select * from final
