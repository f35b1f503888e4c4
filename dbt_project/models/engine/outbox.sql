with

-- What a pause defers has no time to go out at.
decisions as (

    select * from {{ ref('dec_steps__decisions') }}
    where
        decision in ('send', 'deferred')
        and send_after_at is not null

),

enrollments as (

    select * from {{ ref('dec_entry__started') }}

),

step_states as (

    select * from {{ ref('dec_steps__states') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

step_variants as (

    select * from {{ ref('step_variants') }}

),

offers as (

    select * from {{ ref('offers') }}

),

channel_costs as (

    select * from {{ ref('channel_costs') }}

),

contact_points as (

    select * from {{ ref('int_customers__contact_points') }}

),

customer_windows as (

    select * from {{ ref('int_windows__customer_windows') }}

),

eligibility as (

    select * from {{ ref('dec_eligibility__channels') }}

),

place_caps as (

    select * from {{ ref('int_contact__place_caps') }}

),

profiles as (

    select * from {{ ref('int_customers__template_facts') }}

),

playbooks as (

    select * from {{ ref('playbooks') }}

),

contexts as (

    select * from {{ ref('int_customers__contexts') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

plans as (

    select
        'plan' as action,
        md5(
            concat_ws(
                '|',
                decisions.enrollment_id,
                cast(decisions.step as varchar),
                decisions.channel
            )
        ) as message_id,
        decisions.enrollment_id,
        decisions.playbook_id,
        decisions.step,
        decisions.customer_id,
        decisions.channel,
        decisions.variant,
        contact_points.address,
        decisions.decision,
        decisions.send_after_at as not_before,
        decisions.expires_at as window_closes_at,
        decisions.step_expires_at as expires_at,
        customer_windows.zones,
        customer_windows.local_opens_minute,
        customer_windows.local_closes_minute,
        -- A consent to a series has no end but being left.
        case
            when steps.series_id is null then eligibility.consent_expires_at
        end as consent_expires_at,
        place_caps.max_per_24h,
        coalesce(step_variants.template, steps.template) as template,
        steps.content_tag,
        steps.series_id as cap_scope,
        steps.cap_per_24h,
        steps.cap_per_7d,
        profiles.country,
        profiles.first_name,
        profiles.last_product_name,
        profiles.last_product_url,
        profiles.top_product_name,
        profiles.top_product_url,
        profiles.last_viewed_product_name,
        profiles.last_viewed_product_url,
        profiles.favorite_category,
        contexts.product_name as context_product_name,
        contexts.product_url as context_product_url,
        contexts.drop_percent as context_drop_percent,
        case when steps.includes_offer then offers.offer_id end as offer_id,
        case when steps.includes_offer then offers.kind end as offer_kind,
        case when steps.includes_offer then offers.value end as offer_value,
        case when steps.includes_offer then offers.code end as offer_code,
        case when steps.includes_offer then enrollments.offer_expires_at end
            as offer_expires_at,
        steps.extra_offer_kind,
        steps.extra_offer_value,
        steps.extra_offer_code,
        coalesce(
            local_costs.cost_cents_per_segment,
            general_costs.cost_cents_per_segment
        ) as cost_cents_per_segment

    from decisions
    inner join enrollments
        on decisions.enrollment_id = enrollments.enrollment_id
    inner join steps
        on
            decisions.playbook_id = steps.playbook_id
            and decisions.step = steps.step
    inner join contact_points
        on
            decisions.customer_id = contact_points.customer_id
            and decisions.channel = contact_points.channel
    inner join customer_windows
        on
            decisions.customer_id = customer_windows.customer_id
            and steps.channel_group = customer_windows.channel_group
    left join eligibility
        on
            decisions.customer_id = eligibility.customer_id
            and decisions.channel = eligibility.channel
    left join place_caps
        on decisions.customer_id = place_caps.customer_id
    left join step_variants
        on
            decisions.playbook_id = step_variants.playbook_id
            and decisions.step = step_variants.step
            and decisions.variant = step_variants.variant
    left join offers
        on enrollments.offer_id = offers.offer_id
    left join profiles
        on decisions.customer_id = profiles.customer_id
    left join playbooks
        on decisions.playbook_id = playbooks.playbook_id
    left join contexts
        on
            decisions.customer_id = contexts.customer_id
            and playbooks.context = contexts.context
    left join channel_costs as local_costs
        on
            decisions.channel = local_costs.channel
            and profiles.country = local_costs.country
    left join channel_costs as general_costs
        on
            decisions.channel = general_costs.channel
            and general_costs.country = '*'

),

-- Planned and not to be sent any more: the customer has left the playbook, as by buying, or
-- a later step's message has passed it.
cancels as (

    select
        'cancel' as action,
        messages.message_id,
        messages.enrollment_id,
        messages.playbook_id,
        messages.step,
        messages.customer_id,
        messages.channel,
        messages.variant,
        case
            when enrollments.exit_reason is not null then 'exited'
            else 'expired'
        end as decision

    from messages
    inner join enrollments
        on messages.enrollment_id = enrollments.enrollment_id
    left join step_states
        on
            messages.enrollment_id = step_states.enrollment_id
            and messages.step = step_states.step
    where
        messages.origin = 'ledger'
        and not messages.is_settled
        and (
            enrollments.exit_reason is not null
            or coalesce(step_states.is_passed, false)
        )

),

both_actions as (

    select * from plans

    union all

    select
        action,
        message_id,
        enrollment_id,
        playbook_id,
        step,
        customer_id,
        channel,
        variant,
        null as address,
        decision,
        null as not_before,
        null as window_closes_at,
        null as expires_at,
        null as zones,
        null as local_opens_minute,
        null as local_closes_minute,
        null as consent_expires_at,
        null as max_per_24h,
        null as template,
        null as content_tag,
        null as cap_scope,
        null as cap_per_24h,
        null as cap_per_7d,
        null as country,
        null as first_name,
        null as last_product_name,
        null as last_product_url,
        null as top_product_name,
        null as top_product_url,
        null as last_viewed_product_name,
        null as last_viewed_product_url,
        null as favorite_category,
        null as context_product_name,
        null as context_product_url,
        null as context_drop_percent,
        null as offer_id,
        null as offer_kind,
        null as offer_value,
        null as offer_code,
        null as offer_expires_at,
        null as extra_offer_kind,
        null as extra_offer_value,
        null as extra_offer_code,
        null as cost_cents_per_segment

    from cancels

),

final as (

    select
        -- what to do
        cast(action as varchar) as action,

        -- ids
        cast(message_id as varchar) as message_id,
        cast(enrollment_id as varchar) as enrollment_id,
        cast(playbook_id as varchar) as playbook_id,
        cast(step as bigint) as step,
        cast(customer_id as varchar) as customer_id,
        cast(channel as varchar) as channel,
        cast(variant as varchar) as variant,
        cast(address as varchar) as address,
        cast(decision as varchar) as decision,

        -- when
        cast(not_before as {{ timestamptz_type() }}) as not_before,
        cast(window_closes_at as {{ timestamptz_type() }}) as window_closes_at,
        cast(expires_at as {{ timestamptz_type() }}) as expires_at,
        cast(zones as varchar) as zones,
        cast(local_opens_minute as bigint) as local_opens_minute,
        cast(local_closes_minute as bigint) as local_closes_minute,
        cast(consent_expires_at as {{ timestamptz_type() }})
            as consent_expires_at,
        cast(max_per_24h as bigint) as max_per_24h,

        -- what to say
        cast(template as varchar) as template,
        cast(content_tag as varchar) as content_tag,
        cast(country as varchar) as country,
        cast(first_name as varchar) as first_name,
        cast(last_product_name as varchar) as last_product_name,
        cast(last_product_url as varchar) as last_product_url,
        cast(top_product_name as varchar) as top_product_name,
        cast(top_product_url as varchar) as top_product_url,
        cast(last_viewed_product_name as varchar)
            as last_viewed_product_name,
        cast(last_viewed_product_url as varchar)
            as last_viewed_product_url,
        cast(favorite_category as varchar) as favorite_category,
        cast(context_product_name as varchar) as context_product_name,
        cast(context_product_url as varchar) as context_product_url,
        cast(context_drop_percent as bigint) as context_drop_percent,
        cast(offer_id as varchar) as offer_id,
        cast(offer_kind as varchar) as offer_kind,
        cast(offer_value as decimal(18, 4)) as offer_value,
        cast(offer_code as varchar) as offer_code,
        cast(offer_expires_at as {{ timestamptz_type() }}) as offer_expires_at,
        cast(extra_offer_kind as varchar) as extra_offer_kind,
        cast(extra_offer_value as decimal(18, 4)) as extra_offer_value,
        cast(extra_offer_code as varchar) as extra_offer_code,

        -- whose caps it counts for
        cast(cap_scope as varchar) as cap_scope,
        cast(cap_per_24h as bigint) as cap_per_24h,
        cast(cap_per_7d as bigint) as cap_per_7d,

        -- what it costs
        cast(cost_cents_per_segment as decimal(12, 4))
            as cost_cents_per_segment

    from both_actions

)

select * from final
