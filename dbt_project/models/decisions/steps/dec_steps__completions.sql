{{ config(materialized='view') }}

with

step_states as (

    select * from {{ ref('dec_steps__states') }}

),

-- Over when no step is left: with the last message, or the last chance for one.
final as (

    select
        enrollment_id,
        max(
            case
                when has_message then coalesce(left_at, due_at)
                when expires_at <= {{ as_of() }} then expires_at
                else due_at
            end
        ) as completed_at

    from step_states
    group by enrollment_id
    having min(case when is_settled then 1 else 0 end) = 1

)

select * from final
