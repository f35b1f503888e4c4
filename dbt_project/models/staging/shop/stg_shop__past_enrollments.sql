with

source as (

    select * from {{ source('shop', 'past_enrollments') }}

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,

        -- facts
        lower({{ clean_text('arm') }}) as arm,
        coalesce({{ clean_text('variant') }}, '') as variant,
        cast(planned_share as decimal(18, 4)) as planned_share,

        -- timestamps
        cast(entered_at as {{ timestamptz_type() }}) as entered_at

    from source

)

select * from final
