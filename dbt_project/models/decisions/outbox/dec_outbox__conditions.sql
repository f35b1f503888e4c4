{{ config(materialized='view') }}

with

plans as (

    select * from {{ ref('dec_outbox__plans') }}

),

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
lists as (

    select
        customer_id,
        {%- for kind in content_kinds() %}
        max(case when kind = '{{ kind }}' then 1 else 0 end) as has_{{ kind }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ ref('dec_outbox__picks') }}
    group by customer_id

),

content_facts as (

    select * from {{ ref('int_customers__content_facts') }}

),

contexts as (

    select * from {{ ref('int_customers__contexts') }}

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

reasons as (

    select * from {{ ref('int_lapse__stated_reasons') }}

),

sent as (

    select * from {{ ref('int_messages__all') }}
    where
        origin = 'ledger'
        and has_left

),

clicks as (

    select distinct message_id
    from {{ ref('int_messages__happenings') }}
    where
        kind = 'clicked'
        and not is_machine

),

-- What the customer got last in the same enrollment.
last_messages as (

    select
        message_id,
        enrollment_id,
        row_number() over (
            partition by enrollment_id
            order by left_at desc, message_id desc
        ) as message_rank

    from sent

),

clicked as (

    select last_messages.enrollment_id

    from last_messages
    inner join clicks
        on last_messages.message_id = clicks.message_id
    where last_messages.message_rank = 1

),

final as (

    select
        plans.message_id,
        {%- for kind in content_kinds() %}
        coalesce(lists.has_{{ kind }}, 0) = 1 as {{ kind }},
        {%- endfor %}
        content_facts.category_rating_tenths is not null as reviews,
        content_facts.loyalty_points is not null as points,
        content_facts.invitation is not null as community,
        contexts.old_price_cents is not null as old_price,
        clicked.enrollment_id is not null as clicked,
        coalesce(reasons.lapse_reason = 'price', false) as reason_price,
        coalesce(reasons.lapse_reason = 'product', false) as reason_product,
        coalesce(reasons.lapse_reason = 'forgot', false) as reason_forgot

    from plans
    left join lists
        on plans.customer_id = lists.customer_id
    left join content_facts
        on plans.customer_id = content_facts.customer_id
    left join playbooks
        on plans.playbook_id = playbooks.playbook_id
    left join contexts
        on
            plans.customer_id = contexts.customer_id
            and playbooks.context = contexts.context
    left join clicked
        on plans.enrollment_id = clicked.enrollment_id
    left join reasons
        on plans.customer_id = reasons.customer_id

)

select * from final
