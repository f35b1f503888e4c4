with

plans as (

    select * from {{ ref('dec_outbox__plans') }}

),

conditions as (

    select * from {{ ref('dec_outbox__conditions') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

step_variants as (

    select * from {{ ref('step_variants') }}

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

step_contents as (

    select * from {{ ref('step_contents') }}

),

-- A variant that has words of its own is varied by its own rows alone.
written as (

    select
        plans.message_id,
        plans.enrollment_id,
        plans.playbook_id,
        plans.step,
        plans.variant,
        playbooks.context,
        step_variants.template is not null as has_own_template,
        coalesce(step_variants.template, steps.template) as template,
        coalesce(
            step_variants.subject, step_variants.template, steps.template
        ) as subject_template,
        step_variants.subject

    from plans
    inner join steps
        on
            plans.playbook_id = steps.playbook_id
            and plans.step = steps.step
    left join playbooks
        on plans.playbook_id = playbooks.playbook_id
    left join step_variants
        on
            plans.playbook_id = step_variants.playbook_id
            and plans.step = step_variants.step
            and plans.variant = step_variants.variant

),

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
held as (

    select
        written.message_id,
        step_contents.turn,
        step_contents.needs,
        step_contents.template,
        row_number() over (
            partition by written.message_id
            order by step_contents.turn asc, step_contents.variant desc
        ) as content_rank

    from written
    inner join step_contents
        on
            written.playbook_id = step_contents.playbook_id
            and written.step = step_contents.step
            and (
                written.variant = step_contents.variant
                or (
                    step_contents.variant is null
                    and not written.has_own_template
                )
            )
    inner join conditions
        on written.message_id = conditions.message_id
    where
        case step_contents.needs
            {%- for need in content_needs() %}
            when '{{ need }}' then conditions.{{ need }}
            {%- endfor %}
            else step_contents.needs is null
        end

),

final as (

    select
        -- ids
        written.message_id,
        written.enrollment_id,
        written.step,

        -- facts
        coalesce(held.template, written.template) as template,
        coalesce(
            written.subject, held.template, written.subject_template
        ) as subject_template,
        held.needs as content_needs,
        written.context

    from written
    left join held
        on
            written.message_id = held.message_id
            and held.content_rank = 1

)

select * from final
