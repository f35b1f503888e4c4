with

derived as (

    select * from {{ ref('int_lapse__derived_reasons') }}

),

stated as (

    select * from {{ ref('int_lapse__stated_reasons') }}

),

final as (

    select
        -- ids
        coalesce(stated.customer_id, derived.customer_id) as customer_id,

        -- facts
        coalesce(stated.lapse_reason, derived.lapse_reason) as lapse_reason,
        case
            when stated.lapse_reason is not null then 'stated'
            else 'derived'
        end as lapse_reason_source

    from derived
    full outer join stated
        on derived.customer_id = stated.customer_id
    where coalesce(stated.lapse_reason, derived.lapse_reason) is not null

)

select * from final
