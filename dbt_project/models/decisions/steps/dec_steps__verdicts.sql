{{ config(materialized='view') }}

with

plan as (

    select * from {{ ref('dec_steps__plan') }}

),

eligibility as (

    select * from {{ ref('dec_eligibility__channels') }}

),

series_eligibility as (

    select * from {{ ref('dec_eligibility__series') }}

),

holds as (

    select * from {{ ref('int_playbooks__win_back_holds') }}

),

over_budget as (

    select * from {{ ref('dec_steps__over_budget') }}

),

journeys as (

    select * from {{ ref('dec_steps__journey') }}

),

stacked as (

    select * from {{ ref('dec_offers__stacked') }}

),

-- A series has a consent of its own. Fail closed: without a row every rule has failed,
-- unless it is the channel that is not switched on.
judged as (

    select
        plan.enrollment_id,
        plan.step,
        {% for by, kind in [
            ('barred_by', 'standing'), ('paused_by', 'pause'), ('capped_by', 'cap')
        ] -%}
        case
            when plan.series_id is null and eligibility.{{ by }} is not null
                then eligibility.{{ by }}
            when
                plan.series_id is not null
                and series_eligibility.{{ by }} is not null
                then series_eligibility.{{ by }}
            when {{ is_switched_on('plan.channel') }}
                then '{{ contact_rule_ids(kind) | join(",") }}'
            else '{{ "channel" if kind == "standing" }}'
        end as {{ by }},
        {% endfor -%}
        holds.ok_step_other_id,
        holds.ok_step_household,
        holds.ok_in_transit,
        coalesce(journeys.ok_journey, false) as ok_journey,
        over_budget.enrollment_id is null as ok_budget,
        plan.withheld_by,
        plan.includes_offer
        and stacked.enrollment_id is not null as is_stacked

    from plan
    left join eligibility
        on
            plan.customer_id = eligibility.customer_id
            and plan.channel = eligibility.channel
    left join series_eligibility
        on
            plan.episode_order_id = series_eligibility.join_id
            and plan.series_id = series_eligibility.series_id
            and plan.channel = series_eligibility.channel
    left join holds
        on
            plan.playbook_id = holds.playbook_id
            and plan.customer_id = holds.customer_id
            and plan.channel_group = holds.channel_group
    left join over_budget
        on
            plan.enrollment_id = over_budget.enrollment_id
            and plan.step = over_budget.step
    left join journeys
        on
            plan.enrollment_id = journeys.enrollment_id
            and plan.step = journeys.step
    left join stacked
        on plan.enrollment_id = stacked.enrollment_id

),

-- What other ids at the address did bars a win-back, or has it wait. So does an offer that
-- the customer holds.
final as (

    select
        -- ids
        enrollment_id,
        step,

        -- rules
        concat_ws(
            ',',
            nullif(barred_by, ''),
            withheld_by,
            case when not ok_step_other_id then 'other_id' end,
            case when not ok_step_household then 'household' end,
            case when not ok_journey then 'journey' end
        ) as barred_by,
        concat_ws(
            ',',
            nullif(paused_by, ''),
            case
                when
                    not ok_in_transit
                    and {{ rule_holds('in_transit', 'paused_by') }}
                    then 'in_transit'
            end,
            case when is_stacked then 'offer_stacking' end,
            case when not ok_budget then 'budget' end
        ) as paused_by,
        capped_by

    from judged

)

select * from final
