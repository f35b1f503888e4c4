with

started as (

    select * from {{ ref('dec_entry__started') }}

),

known as (

    select * from {{ ref('int_enrollments__known') }}
    where origin = 'past'

),

exits as (

    select * from {{ ref('int_enrollments__exits') }}

),

completions as (

    select * from {{ ref('dec_steps__completions') }}

),

joins as (

    select
        *,
        'ledger' as origin
    from {{ ref('int_series__joins') }}
    where ended_at <= {{ as_of() }}

),

both_origins as (

    select
        enrollment_id,
        playbook_id,
        customer_id,
        episode_order_id,
        offer_id,
        segment,
        arm,
        variant,
        'ledger' as origin,
        entered_at,
        offer_expires_at,
        exit_reason as ended_by,
        exited_at as ended_at

    from started

    union all

    select
        known.enrollment_id,
        known.playbook_id,
        known.customer_id,
        known.episode_order_id,
        known.offer_id,
        known.segment,
        known.arm,
        known.variant,
        known.origin,
        known.entered_at,
        known.offer_expires_at,
        exits.exit_reason as ended_by,
        exits.exited_at as ended_at

    from known
    left join exits
        on known.enrollment_id = exits.enrollment_id

),

situated as (

    select
        both_origins.*,
        completions.completed_at,
        joins.ended_at as left_at

    from both_origins
    left join completions
        on both_origins.enrollment_id = completions.enrollment_id
    left join joins
        on
            both_origins.episode_order_id = joins.join_id
            and both_origins.origin = joins.origin

),

-- A purchase is told also where it came after the last step.
judged as (

    select
        *,
        coalesce(
            ended_by = 'purchase' or ended_at <= coalesce(completed_at, ended_at),
            false
        ) as has_ended,
        coalesce(
            left_at <= coalesce(completed_at, {{ as_of() }}), false
        ) as has_left

    from situated

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
        cast(origin as varchar) as origin,
        cast(
            case
                when has_ended then ended_by
                when has_left then 'left'
                when completed_at is not null then 'completed'
            end as varchar
        ) as exit_reason,

        -- timestamps
        entered_at,
        case
            when has_ended then ended_at
            when has_left then left_at
            else completed_at
        end as exited_at,
        offer_expires_at

    from judged

)

select * from final
