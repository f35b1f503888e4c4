{{ config(materialized='view') }}

with

plans as (

    select * from {{ ref('dec_outbox__plans') }}

),

enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

choices as (

    select * from {{ ref('dec_outbox__choices') }}

),

offers as (

    select * from {{ ref('offers') }}

),

template_facts as (

    select * from {{ ref('int_customers__template_facts') }}

),

content_facts as (

    select * from {{ ref('dec_outbox__content_facts') }}

),

contexts as (

    select * from {{ ref('int_customers__contexts') }}

),

costs as (

    select * from {{ ref('int_channels__costs') }}

),

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
final as (

    select
        -- ids
        plans.message_id,

        -- what to say
        choices.template,
        choices.subject_template,
        steps.content_tag,
        template_facts.country,
        {%- for fact in template_facts() %}
        {{ fact.model }}.{{ fact.column }} as {{ fact.name }},
        {%- endfor %}

        -- the offer
        offers.offer_id,
        offers.kind as offer_kind,
        offers.value as offer_value,
        offers.detail as offer_detail,
        offers.code_source as offer_code_source,
        offers.code as offer_code,
        plans.offer_expires_at,
        steps.extra_offer_id,
        steps.extra_offer_kind,
        steps.extra_offer_value,
        steps.extra_offer_detail,
        steps.extra_offer_code_source,
        steps.extra_offer_code,
        -- A shared code ends with the offer, where the message has one.
        case
            when steps.extra_offer_code_source = 'own'
                then coalesce(
                    plans.offer_expires_at,
                    {{ days_after(
                        'steps.extra_offer_validity_days', 'enrollments.entered_at'
                    ) }}
                )
        end as extra_offer_expires_at,

        -- what it costs
        coalesce(
            local_costs.cost_cents_per_part,
            general_costs.cost_cents_per_part
        ) as cost_cents_per_part,
        coalesce(local_costs.source, general_costs.source) as price_source

    from plans
    inner join enrollments
        on plans.enrollment_id = enrollments.enrollment_id
    inner join steps
        on
            plans.playbook_id = steps.playbook_id
            and plans.step = steps.step
    inner join choices
        on plans.message_id = choices.message_id
    left join offers
        on plans.offer_id = offers.offer_id
    left join template_facts
        on plans.customer_id = template_facts.customer_id
    left join content_facts
        on plans.customer_id = content_facts.customer_id
    left join contexts
        on
            plans.customer_id = contexts.customer_id
            and choices.context = contexts.context
    left join costs as local_costs
        on
            plans.channel = local_costs.channel
            and template_facts.country = local_costs.country
    left join costs as general_costs
        on
            plans.channel = general_costs.channel
            and general_costs.country = '*'

)

select * from final
