{%- set rules = entry_rule_ids() -%}

with

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}

),

steps as (

    select * from {{ ref('int_playbooks__steps') }}

),

playbook_segments as (

    select * from {{ ref('playbook_segments') }}

),

segment_members as (

    select * from {{ ref('dec_entry__segment_members') }}

),

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

eligibility as (

    select * from {{ ref('dec_eligibility__channels') }}

),

joins as (

    select * from {{ ref('int_series__joins') }}
    where
        is_standing
        and {{ days_after(var('series_enter_days'), 'granted_at') }} > {{ as_of() }}

),

series_eligibility as (

    select * from {{ ref('dec_eligibility__series') }}

),

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

reactivations as (

    select * from {{ ref('int_customers__reactivations') }}

),

identities as (

    select * from {{ ref('int_customers__identities') }}

),

holds as (

    select * from {{ ref('int_playbooks__win_back_holds') }}

),

-- What a customer may enter a playbook by: a segment, or having joined its series.
ways_in as (

    select
        playbook_segments.playbook_id,
        playbook_segments.segment,
        playbook_segments.priority,
        playbook_segments.daily_limit,
        playbook_segments.offer_id,
        cast(null as varchar) as join_id,
        segment_members.customer_id

    from playbook_segments
    inner join segment_members
        on playbook_segments.segment = segment_members.segment

    union all

    select
        playbook_id,
        series_id as segment,
        row_number() over (
            partition by series_id, customer_id
            order by granted_at desc, join_id asc
        ) as priority,
        cast(null as bigint) as daily_limit,
        cast(null as varchar) as offer_id,
        join_id,
        customer_id

    from joins

),

memberships as (

    select
        playbooks.playbook_id,
        playbooks.family,
        playbooks.family_priority,
        playbooks.priority as playbook_priority,
        playbooks.reach,
        playbooks.needs_order,
        playbooks.is_win_back,
        coalesce(playbooks.runs_beside, false) as runs_beside,
        ways_in.segment,
        ways_in.daily_limit,
        ways_in.offer_id,
        ways_in.join_id,
        ways_in.customer_id,
        customers.last_order_at,
        -- A join is an episode of its own; who never ordered has one until they do.
        coalesce(ways_in.join_id, customers.last_order_id) as episode_order_id,
        row_number() over (
            partition by playbooks.playbook_id, ways_in.customer_id
            order by ways_in.priority
        ) as segment_rank

    from playbooks
    inner join ways_in
        on playbooks.playbook_id = ways_in.playbook_id
    inner join customers
        on ways_in.customer_id = customers.customer_id
    where
        playbooks.is_enabled
        -- A series is entered by joining it, and nothing else is.
        and (playbooks.series_id is null) = (ways_in.join_id is null)

),

-- A playbook takes a customer by one segment; the others are lost, and named.
lost_segments as (

    select
        playbook_id,
        customer_id,
        {{ sorted_list('segment') }} as other_segments

    from memberships
    where segment_rank > 1
    group by playbook_id, customer_id

),

-- Once an episode and family: whoever entered since the last order has to buy before
-- entering again. What another tool's playbook was for is not known, nor is one that
-- has left the seed: it stands for every family but those that run beside others.
entered as (

    select distinct
        customers.customer_id,
        case
            when enrollments.origin = 'ledger' then playbooks.family
        end as family

    from customers
    inner join enrollments
        on
            customers.customer_id = enrollments.customer_id
            and (
                customers.last_order_id is null
                or customers.last_order_id = enrollments.episode_order_id
                or customers.last_order_at <= enrollments.entered_at
            )
    left join playbooks
        on enrollments.playbook_id = playbooks.playbook_id

),

enrolled as (

    select
        memberships.playbook_id,
        memberships.customer_id

    from memberships
    inner join entered
        on memberships.customer_id = entered.customer_id
    where
        memberships.segment_rank = 1
        and memberships.join_id is null
        and coalesce(
            entered.family,
            case when not memberships.runs_beside then memberships.family end
        ) = memberships.family
    group by memberships.playbook_id, memberships.customer_id

    union all

    -- Once a join: who left and joins again enters again.
    select distinct
        memberships.playbook_id,
        memberships.customer_id

    from memberships
    inner join enrollments
        on
            memberships.playbook_id = enrollments.playbook_id
            and memberships.join_id = enrollments.episode_order_id
    where memberships.segment_rank = 1

),

-- Still in a playbook: has not left it, and its last day is to come.
running as (

    select
        customer_id,
        min(playbook_id) as playbook_id

    from {{ ref('int_enrollments__running') }}
    group by customer_id

),

playbook_channels as (

    select distinct
        playbook_id,
        channel,
        channel_group

    from steps

),

-- A series is reached by its own consent.
verdicts as (

    select
        customer_id,
        '' as join_id,
        channel,
        ok_address,
        ok_consent,
        is_reachable,
        ok_paused,
        ok_in_transit,
        ok_unread_rows

    from eligibility

    union all

    select
        customer_id,
        join_id,
        channel,
        ok_address,
        ok_consent,
        is_reachable,
        ok_paused,
        ok_in_transit,
        ok_unread_rows

    from series_eligibility

),

-- A playbook reaches whom one of its own channels of the group reaches.
reach as (

    select
        memberships.playbook_id,
        memberships.customer_id,
        max(case when verdicts.ok_address then 1 else 0 end) as address_ok,
        max(
            case
                when verdicts.ok_address and verdicts.ok_consent then 1
                else 0
            end
        ) as consent_ok,
        max(case when verdicts.is_reachable then 1 else 0 end)
            as reachable_ok,
        max(case when verdicts.ok_paused then 1 else 0 end) as paused_ok,
        max(case when verdicts.ok_in_transit then 1 else 0 end)
            as in_transit_ok,
        max(case when verdicts.ok_unread_rows then 1 else 0 end)
            as unread_rows_ok

    from memberships
    inner join playbook_channels
        on
            memberships.playbook_id = playbook_channels.playbook_id
            and memberships.reach = playbook_channels.channel_group
    inner join verdicts
        on
            memberships.customer_id = verdicts.customer_id
            and coalesce(memberships.join_id, '') = verdicts.join_id
            and playbook_channels.channel = verdicts.channel
    where memberships.segment_rank = 1
    group by memberships.playbook_id, memberships.customer_id

),

-- Fail closed: what is not known to hold does not hold.
judged as (

    select
        memberships.*,
        lost_segments.other_segments,
        running.playbook_id as running_playbook_id,
        coalesce(
            memberships.episode_order_id is not null
            or not memberships.needs_order,
            false
        ) as ok_episode,
        enrolled.customer_id is null as ok_enrolled,
        memberships.runs_beside
        or running.customer_id is null as ok_running,
        coalesce(
            not memberships.is_win_back
            or reactivations.customer_id is null
            or reactivations.days_since >= {{ var('cool_down_days') }},
            false
        ) as ok_cool_down,
        coalesce(reach.address_ok, 0) = 1 as ok_address,
        coalesce(reach.consent_ok, 0) = 1 as ok_consent,
        coalesce(reach.reachable_ok, 0) = 1 as ok_reachable,
        coalesce(reach.paused_ok, 0) = 1 as ok_paused,
        coalesce(reach.unread_rows_ok, 0) = 1 as ok_unread_rows,
        coalesce(reach.in_transit_ok, 0) = 1
        and coalesce(holds.ok_in_transit, true) as ok_in_transit,
        coalesce(holds.ok_returned, true) as ok_returned,
        coalesce(holds.ok_other_id, true) as is_free_of_other_id,
        coalesce(holds.ok_household, true) as is_free_of_household,
        coalesce(identities.person_id, memberships.customer_id) as person_id,
        coalesce(identities.household_id, memberships.customer_id)
            as household_id

    from memberships
    left join lost_segments
        on
            memberships.playbook_id = lost_segments.playbook_id
            and memberships.customer_id = lost_segments.customer_id
    left join enrolled
        on
            memberships.playbook_id = enrolled.playbook_id
            and memberships.customer_id = enrolled.customer_id
    left join running
        on memberships.customer_id = running.customer_id
    left join reactivations
        on memberships.customer_id = reactivations.customer_id
    left join reach
        on
            memberships.playbook_id = reach.playbook_id
            and memberships.customer_id = reach.customer_id
    left join holds
        on
            memberships.playbook_id = holds.playbook_id
            and memberships.customer_id = holds.customer_id
            and memberships.reach = holds.channel_group
    left join identities
        on memberships.customer_id = identities.customer_id
    where memberships.segment_rank = 1

),

free as (

    select
        *,
        ok_episode
        and ok_enrolled
        and ok_running
        and ok_cool_down
        and ok_reachable
        and ok_paused
        and ok_in_transit
        and ok_unread_rows
        and ok_returned
        and is_free_of_other_id
        and is_free_of_household as may_enter

    from judged

),

-- One playbook a customer: the first that may have them; beside it, what runs beside.
chosen as (

    select
        *,
        first_value(playbook_id) over (
            partition by
                customer_id,
                may_enter,
                case when runs_beside then playbook_id end
            order by family_priority, playbook_priority
        ) as first_playbook_id,
        first_value(segment) over (
            partition by
                customer_id,
                may_enter,
                case when runs_beside then playbook_id end
            order by family_priority, playbook_priority
        ) as first_segment

    from free

),

settled as (

    select
        *,
        not may_enter or first_playbook_id = playbook_id as ok_other_playbook

    from chosen

),

-- Of the ids of a person, and of those at one phone, one enters in a run: first whoever
-- is not to be won back, then who bought last. A win-back is for who is the first.
lined_up as (

    select
        *,
        {% for who in ['person', 'household'] -%}
        row_number() over (
            partition by
                {{ who }}_id,
                may_enter and ok_other_playbook and not runs_beside
            order by
                case when is_win_back then 1 else 0 end,
                coalesce(
                    last_order_at,
                    cast(
                        '1970-01-01T00:00:00+00:00' as {{ timestamptz_type() }}
                    )
                ) desc,
                customer_id asc,
                playbook_id asc
        ) as {{ who }}_place,
        {% endfor -%}
        may_enter
        and ok_other_playbook
        and is_win_back
        and not runs_beside as is_in_line

    from settled

),

alone as (

    select
        *,
        is_free_of_other_id
        and not (is_in_line and person_place > 1) as ok_other_id,
        is_free_of_household
        and not (
            is_in_line and household_place > 1 and person_place = 1
        ) as ok_household

    from lined_up

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
        alone.*,
        row_number() over (
            partition by
                alone.playbook_id,
                alone.segment,
                alone.may_enter
                and alone.ok_other_playbook
                and alone.ok_other_id
                and alone.ok_household
            order by
                coalesce(
                    alone.last_order_at,
                    cast(
                        '1970-01-01T00:00:00+00:00' as {{ timestamptz_type() }}
                    )
                ) desc,
                alone.customer_id asc
        ) + coalesce(entered_today.entered_count, 0) as place_today

    from alone
    left join entered_today
        on
            alone.playbook_id = entered_today.playbook_id
            and alone.segment = entered_today.segment

),

limited as (

    select
        *,
        not may_enter
        or not ok_other_playbook
        or not ok_other_id
        or not ok_household
        or daily_limit is null
        or place_today <= daily_limit as ok_daily_limit

    from queued

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,
        cast(coalesce(episode_order_id, '') as varchar) as episode_order_id,
        cast(offer_id as varchar) as offer_id,

        -- facts
        cast(segment as varchar) as segment,
        cast(coalesce(other_segments, '') as varchar) as other_segments,
        cast(family as varchar) as family,
        may_enter
        and ok_other_playbook
        and ok_other_id
        and ok_household
        and ok_daily_limit as is_entering,
        cast(
            case
                when not ok_running then running_playbook_id
                when not ok_other_playbook then first_playbook_id
            end as varchar
        ) as taken_by_playbook_id,
        cast(
            case
                when ok_running and not ok_other_playbook then first_segment
            end as varchar
        ) as taken_by_segment,

        -- rules
        {% for rule in rules -%}
        ok_{{ rule }},
        {% endfor -%}
        cast(
            concat_ws(
                ',',
                {%- for rule in rules %}
                case when not ok_{{ rule }} then '{{ rule }}' end
                {%- if not loop.last %},{% endif %}
                {%- endfor %}
            ) as varchar
        ) as blocked_by

    from limited

)

select * from final
