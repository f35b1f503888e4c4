with

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}
    where is_enabled

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

joins as (

    select * from {{ ref('int_series__joins') }}
    where
        is_standing
        and {{ days_after(var('series_enter_days'), 'granted_at') }} > {{ as_of() }}

),

-- What a customer may enter a playbook by: a segment, or having joined its series.
ways_in as (

    select
        playbook_segments.playbook_id,
        segment_members.segment,
        playbook_segments.priority,
        playbook_segments.daily_limit,
        playbook_segments.offer_id,
        cast(null as varchar) as join_id,
        segment_members.customer_id

    from playbook_segments
    inner join segment_members
        on
            {{ opening_segment('playbook_segments.segment') }}
            = segment_members.segment

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

ranked as (

    select
        playbooks.playbook_id,
        playbooks.family,
        playbooks.family_priority,
        playbooks.priority as playbook_priority,
        playbooks.reach,
        playbooks.needs_order,
        playbooks.is_win_back,
        coalesce(playbooks.runs_beside, false) as runs_beside,
        coalesce(playbooks.takes_lost, false) as takes_lost,
        coalesce(playbooks.writes_off, false) as writes_off,
        ways_in.segment,
        ways_in.daily_limit,
        ways_in.offer_id,
        ways_in.join_id,
        ways_in.customer_id,
        customers.last_order_at,
        customers.lapse_stage,
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
    -- A series is entered by joining it, and nothing else is.
    where (playbooks.series_id is null) = (ways_in.join_id is null)

),

-- A playbook takes a customer by one segment; the others are lost, and named.
lost_segments as (

    select
        playbook_id,
        customer_id,
        {{ sorted_list('segment') }} as other_segments

    from ranked
    where segment_rank > 1
    group by playbook_id, customer_id

),

final as (

    select
        ranked.*,
        lost_segments.other_segments

    from ranked
    left join lost_segments
        on
            ranked.playbook_id = lost_segments.playbook_id
            and ranked.customer_id = lost_segments.customer_id
    where ranked.segment_rank = 1

)

select * from final
