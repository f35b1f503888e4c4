with

plans as (

    select
        *,
        'plan' as action
    from {{ ref('dec_outbox__plans') }}

),

contents as (

    select * from {{ ref('dec_outbox__contents') }}

),

cancels as (

    select * from {{ ref('dec_outbox__cancels') }}

),

actions as (

    select
        action,
        message_id,
        enrollment_id,
        playbook_id,
        step,
        customer_id,
        channel,
        variant,
        decision

    from plans

    union all

    select
        'cancel' as action,
        message_id,
        enrollment_id,
        playbook_id,
        step,
        customer_id,
        channel,
        variant,
        decision

    from cancels

),

-- A cancel has no more than ids.
-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
final as (

    select
        -- what to do
        cast(actions.action as varchar) as action,

        -- ids
        cast(actions.message_id as varchar) as message_id,
        cast(actions.enrollment_id as varchar) as enrollment_id,
        cast(actions.playbook_id as varchar) as playbook_id,
        cast(actions.step as bigint) as step,
        cast(actions.customer_id as varchar) as customer_id,
        cast(actions.channel as varchar) as channel,
        cast(actions.variant as varchar) as variant,
        cast(plans.address as varchar) as address,
        cast(actions.decision as varchar) as decision,

        -- when
        cast(plans.due_at as {{ timestamptz_type() }}) as due_at,
        cast(plans.not_before as {{ timestamptz_type() }}) as not_before,
        cast(plans.window_closes_at as {{ timestamptz_type() }}) as window_closes_at,
        cast(plans.expires_at as {{ timestamptz_type() }}) as expires_at,
        cast(plans.zones as varchar) as zones,
        cast(plans.local_opens_minute as bigint) as local_opens_minute,
        cast(plans.local_closes_minute as bigint) as local_closes_minute,
        cast(plans.consent_expires_at as {{ timestamptz_type() }})
            as consent_expires_at,
        cast(plans.max_per_24h as bigint) as max_per_24h,

        -- what to say
        cast(contents.template as varchar) as template,
        cast(contents.subject_template as varchar) as subject_template,
        cast(contents.content_tag as varchar) as content_tag,
        cast(contents.country as varchar) as country,
        cast(plans.locale as varchar) as locale,
        {%- for fact in template_facts() %}
        cast(contents.{{ fact.name }} as {{ fact.type }}) as {{ fact.name }},
        {%- endfor %}
        cast(contents.offer_id as varchar) as offer_id,
        cast(contents.offer_kind as varchar) as offer_kind,
        cast(contents.offer_value as decimal(18, 4)) as offer_value,
        cast(contents.offer_detail as varchar) as offer_detail,
        cast(contents.offer_code_source as varchar) as offer_code_source,
        cast(contents.offer_code as varchar) as offer_code,
        cast(contents.offer_expires_at as {{ timestamptz_type() }}) as offer_expires_at,
        cast(contents.extra_offer_id as varchar) as extra_offer_id,
        cast(contents.extra_offer_kind as varchar) as extra_offer_kind,
        cast(contents.extra_offer_value as decimal(18, 4)) as extra_offer_value,
        cast(contents.extra_offer_detail as varchar) as extra_offer_detail,
        cast(contents.extra_offer_code_source as varchar)
            as extra_offer_code_source,
        cast(contents.extra_offer_code as varchar) as extra_offer_code,
        cast(contents.extra_offer_expires_at as {{ timestamptz_type() }})
            as extra_offer_expires_at,

        -- whose caps it counts for
        cast(plans.cap_scope as varchar) as cap_scope,
        cast(plans.cap_per_24h as bigint) as cap_per_24h,
        cast(plans.cap_per_7d as bigint) as cap_per_7d,

        -- what it costs
        cast(contents.cost_cents_per_part as decimal(12, 4))
            as cost_cents_per_part,
        cast(contents.price_source as varchar) as price_source

    from actions
    left join plans
        on
            actions.action = plans.action
            and actions.message_id = plans.message_id
    left join contents
        on plans.message_id = contents.message_id

)

select * from final
