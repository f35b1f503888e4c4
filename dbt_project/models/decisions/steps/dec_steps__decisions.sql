{%- set rules = decision_rule_ids() + contact_rule_ids() -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
settled as (

    select * from {{ ref('dec_steps__offer_budgets') }}

),

journeys as (

    select * from {{ ref('dec_steps__journey') }}

),

staged as (

    select
        settled.*,
        journeys.journey_stage,
        journeys.content_tag

    from settled
    left join journeys
        on
            settled.enrollment_id = journeys.enrollment_id
            and settled.step = journeys.step

),

decided as (

    select
        *,
        is_ready
        and not is_served_by_other
        and not is_behind_other
        and not is_over_offer_budget as is_going_out,
        cast(
            case
                when is_served_by_other then 'suppressed'
                when is_behind_other or is_over_offer_budget then 'capped'
                else own_decision
            end as varchar
        ) as decision,
        cast(
            concat_ws(
                ',',
                -- Named once, where it bars the step as well.
                case
                    when
                        {{ dbt.position(
                            "concat(',', exit_reason, ',')",
                            "concat(',', barred_by, ',')"
                        ) }} = 0
                        then exit_reason
                end,
                case when arm = 'holdout' then 'holdout' end,
                case when is_over or is_out_of_windows then 'range' end,
                nullif(barred_by, ''),
                case
                    when not ok_shared_address or is_served_by_other
                        then 'shared_address'
                end,
                nullif(paused_by, ''),
                nullif(capped_by, ''),
                case when is_behind_other then 'cap_24h' end,
                case when is_offer_leaked then 'offer_leak' end,
                case
                    when is_over_offer_budget and not is_offer_leaked
                        then 'offer_budget'
                end,
                case when not ok_window then 'window' end,
                case
                    when ok_window and preferred_at is not null
                        then 'usual_hour'
                end
            ) as varchar
        ) as blocked_by

    from staged

),

final as (

    select
        -- ids
        cast(enrollment_id as varchar) as enrollment_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(step as bigint) as step,
        cast(customer_id as varchar) as customer_id,

        -- facts
        cast(segment as varchar) as segment,
        cast(channel as varchar) as channel,
        cast(variant as varchar) as variant,
        cast(arm as varchar) as arm,
        decision,
        blocked_by,
        cast(journey_stage as varchar) as journey_stage,
        cast(content_tag as varchar) as content_tag,
        cast(offer_id as varchar) as offer_id,

        -- timestamps
        {{ as_of() }} as decided_at,
        due_at,
        case
            when is_going_out
                then greatest(
                    window_opens_at,
                    due_at,
                    coalesce(preferred_at, due_at)
                )
        end as send_after_at,
        case when is_going_out then least(window_closes_at, expires_at) end
            as expires_at,
        expires_at as step_expires_at,
        offer_expires_at,

        -- rules
        {% for rule in rules -%}
        {{ rule_holds(rule, 'blocked_by') }} as ok_{{ rule }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from decided

)

select * from final
