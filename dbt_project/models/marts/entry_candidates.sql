with

playbooks as (

    select * from {{ ref('playbooks') }}

),

playbook_segments as (

    select * from {{ ref('playbook_segments') }}

),

segment_members as (

    select * from {{ ref('segment_members') }}

),

customers as (

    select * from {{ ref('customers') }}

),

eligibility as (

    select * from {{ ref('channel_eligibility') }}

),

channels as (

    select distinct
        channel,
        channel_group

    from {{ ref('channel_costs') }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

memberships as (

    select
        playbooks.playbook_id,
        playbooks.priority as playbook_priority,
        playbooks.reach,
        playbook_segments.segment,
        playbook_segments.daily_limit,
        playbook_segments.offer_id,
        segment_members.customer_id,
        customers.last_order_id,
        customers.last_order_at,
        row_number() over (
            partition by playbooks.playbook_id, segment_members.customer_id
            order by playbook_segments.priority
        ) as segment_rank

    from playbooks
    inner join playbook_segments
        on playbooks.playbook_id = playbook_segments.playbook_id
    inner join segment_members
        on playbook_segments.segment = segment_members.segment
    inner join customers
        on segment_members.customer_id = customers.customer_id
    where playbooks.is_enabled

),

-- Once an episode: whoever entered any playbook since the last order has to buy before
-- entering again.
enrolled as (

    select distinct customers.customer_id
    from customers
    inner join enrollments
        on
            customers.customer_id = enrollments.customer_id
            and (
                customers.last_order_id = enrollments.episode_order_id
                or customers.last_order_at <= enrollments.entered_at
            )

),

-- A group counts as reachable if one of its channels is.
reach as (

    select
        eligibility.customer_id,
        channels.channel_group,
        max(case when eligibility.ok_address then 1 else 0 end) as address_ok,
        max(
            case
                when eligibility.ok_address and eligibility.ok_consent then 1
                else 0
            end
        ) as consent_ok,
        max(case when eligibility.is_reachable then 1 else 0 end)
            as reachable_ok

    from eligibility
    inner join channels
        on eligibility.channel = channels.channel
    group by eligibility.customer_id, channels.channel_group

),

judged as (

    select
        memberships.*,
        coalesce(reach.address_ok, 0) = 1 as has_address,
        coalesce(reach.consent_ok, 0) = 1 as has_consent,
        coalesce(reach.reachable_ok, 0) = 1 as is_reachable,
        enrolled.customer_id is not null as is_enrolled,
        -- Without a valid order there is no episode to enter with.
        enrolled.customer_id is null
        and memberships.last_order_id is not null
        and coalesce(reach.reachable_ok, 0) = 1 as may_enter

    from memberships
    left join reach
        on
            memberships.customer_id = reach.customer_id
            and memberships.reach = reach.channel_group
    left join enrolled
        on memberships.customer_id = enrolled.customer_id
    where memberships.segment_rank = 1

),

chosen as (

    select
        *,
        row_number() over (
            partition by customer_id, may_enter
            order by playbook_priority
        ) = 1 as is_first_choice

    from judged

),

entered_today as (

    select
        playbook_id,
        segment,
        count(*) as entered_count

    from enrollments
    where
        origin = 'ledger'
        and {{ local_date('entered_at', shop_zone()) }} = {{ as_of_date() }}
    group by playbook_id, segment

),

-- Under a daily limit, whoever left last comes first: the odds to win a customer back
-- fall with the time away.
queued as (

    select
        chosen.*,
        row_number() over (
            partition by
                chosen.playbook_id,
                chosen.segment,
                chosen.may_enter and chosen.is_first_choice
            order by chosen.last_order_at desc, chosen.customer_id asc
        ) + coalesce(entered_today.entered_count, 0) as place_today

    from chosen
    left join entered_today
        on
            chosen.playbook_id = entered_today.playbook_id
            and chosen.segment = entered_today.segment

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,
        cast(last_order_id as varchar) as episode_order_id,
        cast(offer_id as varchar) as offer_id,

        -- facts
        cast(segment as varchar) as segment,
        has_address,
        has_consent,
        is_reachable,
        is_enrolled,
        may_enter and not is_first_choice as is_taken_by_other,
        may_enter
        and is_first_choice
        and daily_limit is not null
        and place_today > daily_limit as is_over_limit,
        may_enter
        and is_first_choice
        and (daily_limit is null or place_today <= daily_limit) as is_entering

    from queued

)

select * from final
