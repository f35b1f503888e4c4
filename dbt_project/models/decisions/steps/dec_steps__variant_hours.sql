{{ config(materialized='view') }}

with

states as (

    select * from {{ ref('dec_steps__states') }}
    where is_due and not has_message

),

step_variants as (

    select * from {{ ref('step_variants') }}
    where send_hour is not null

),

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

-- On the day on which the window opens.
timed as (

    select
        states.enrollment_id,
        states.step,
        customer_windows.window_opens_at,
        customer_windows.window_closes_at,
        {{ at_local_hour(
            'step_variants.send_hour',
            'customer_windows.window_opens_at',
            'customer_windows.range_zone'
        ) }} as hour_at

    from states
    inner join step_variants
        on
            states.playbook_id = step_variants.playbook_id
            and states.step = step_variants.step
            and states.variant = step_variants.variant
    inner join customer_windows
        on
            states.customer_id = customer_windows.customer_id
            and states.channel_group = customer_windows.channel_group

),

final as (

    select
        -- ids
        enrollment_id,
        step,

        -- timestamps
        case
            when hour_at >= window_opens_at and hour_at < window_closes_at
                then hour_at
        end as variant_at

    from timed

)

select * from final
