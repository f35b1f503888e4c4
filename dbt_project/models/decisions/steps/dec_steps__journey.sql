{{ config(materialized='view') }}

with

plan as (

    select * from {{ ref('dec_steps__plan') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

journeys as (

    select * from {{ ref('int_enrollments__journey') }}

),

contents as (

    select * from {{ ref('journey_contents') }}

),

-- Who enters in this run stands where the family begins.
staged as (

    select
        plan.enrollment_id,
        plan.step,
        plan.exit_reason is null
        and coalesce(plan.arm, '') != 'holdout' as is_written_to,
        steps.content_tag,
        coalesce(journeys.journey_stage, playbooks.begins_as) as journey_stage

    from plan
    inner join steps
        on
            plan.playbook_id = steps.playbook_id
            and plan.step = steps.step
    left join playbooks
        on plan.playbook_id = playbooks.playbook_id
    left join journeys
        on plan.enrollment_id = journeys.enrollment_id

),

-- Fail closed: what belongs to no stage is sent to nobody. Who has left or is in the holdout
-- gets nothing anyway, and is told of that alone.
final as (

    select
        -- ids
        staged.enrollment_id,
        staged.step,

        -- facts
        staged.content_tag,
        staged.journey_stage,

        -- rules
        not staged.is_written_to
        or coalesce(
            case staged.journey_stage
                {%- for stage in [
                    'inactivity', 'offer_presentation', 'post_engagement'
                ] %}
                when '{{ stage }}' then contents.{{ stage }}
                {%- endfor %}
            end,
            false
        ) as ok_journey

    from staged
    left join contents
        on staged.content_tag = contents.content_tag

)

select * from final
