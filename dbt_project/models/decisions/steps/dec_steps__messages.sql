{{ config(materialized='view') }}

with

messages as (

    select * from {{ ref('int_messages__all') }}
    where origin = 'ledger'

),

final as (

    select
        -- ids
        enrollment_id,
        step,

        -- facts
        max(case when is_settled then 1 else 0 end) = 1 as has_message,
        max(case when is_settled then state end) as message_state,

        -- timestamps
        min(left_at) as left_at

    from messages
    group by enrollment_id, step

)

select * from final
