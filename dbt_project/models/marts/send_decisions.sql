{%- set rules = decision_rule_ids() + contact_rule_ids() -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
decisions as (

    select * from {{ ref('dec_steps__decisions') }}

),

unwritten as (

    select * from {{ ref('int_messages__unwritten') }}

),

choices as (

    select * from {{ ref('dec_outbox__choices') }}

),

-- What was to go out and could not be written; the next plan tries it anew.
told as (

    select
        decisions.*,
        choices.template,
        choices.content_needs,
        case when decisions.send_after_at is not null then unwritten.rule end as rule

    from decisions
    left join unwritten
        on
            decisions.enrollment_id = unwritten.enrollment_id
            and decisions.step = unwritten.step
    left join choices
        on
            decisions.enrollment_id = choices.enrollment_id
            and decisions.step = choices.step

),

final as (

    select
        -- ids
        enrollment_id,
        playbook_id,
        step,
        customer_id,

        -- facts
        segment,
        channel,
        variant,
        arm,
        cast(
            case when rule is null then decision else 'render_blocked' end
            as varchar
        ) as decision,
        coalesce(rule, blocked_by) as blocked_by,
        journey_stage,
        content_tag,
        offer_id,
        cast(template as varchar) as template,
        cast(content_needs as varchar) as content_needs,

        -- timestamps
        decided_at,
        due_at,
        case when rule is null then send_after_at end as send_after_at,
        case when rule is null then expires_at end as expires_at,
        step_expires_at,

        -- rules
        {% for rule in rules -%}
        ok_{{ rule }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from told

)

select * from final
