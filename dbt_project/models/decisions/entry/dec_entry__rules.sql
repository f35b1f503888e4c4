with

memberships as (

    select * from {{ ref('dec_entry__memberships') }}

),

enrolled as (

    select * from {{ ref('dec_entry__enrolled') }}

),

reach as (

    select * from {{ ref('dec_entry__reach') }}

),

-- Still in a playbook: has not left it, and its last day is to come.
running as (

    select
        customer_id,
        min(playbook_id) as playbook_id

    from {{ ref('int_enrollments__running') }}
    group by customer_id

),

written_off as (

    select * from {{ ref('dec_entry__written_off') }}

),

reactivations as (

    select * from {{ ref('int_customers__reactivations') }}

),

holds as (

    select * from {{ ref('int_playbooks__win_back_holds') }}

),

waits as (

    select * from {{ ref('dec_entry__waits') }}

),

-- Fail closed: what is not known to hold does not hold.
judged as (

    select
        memberships.*,
        running.playbook_id as running_playbook_id,
        coalesce(
            memberships.episode_order_id is not null
            or not memberships.needs_order,
            false
        ) as ok_episode,
        enrolled.customer_id is null as ok_enrolled,
        memberships.takes_lost
        or coalesce(memberships.lapse_stage, '') <> 'lost' as ok_lost,
        memberships.runs_beside
        or written_off.customer_id is null as ok_written_off,
        memberships.runs_beside
        or running.customer_id is null as ok_running,
        coalesce(
            not memberships.is_win_back
            or reactivations.customer_id is null
            or reactivations.days_since >= {{ var('cool_down_days') }},
            false
        ) as ok_cool_down,
        waits.season_opens_on,
        waits.order_expected_on,
        waits.season_opens_on is null as ok_season,
        waits.order_expected_on is null as ok_expected_order,
        coalesce(reach.ok_address, false) as ok_address,
        coalesce(reach.ok_consent, false) as ok_consent,
        coalesce(reach.ok_reachable, false) as ok_reachable,
        coalesce(reach.ok_paused, false) as ok_paused,
        coalesce(reach.ok_unread_rows, false) as ok_unread_rows,
        coalesce(reach.ok_in_transit, false)
        and coalesce(holds.ok_in_transit, true) as ok_in_transit,
        coalesce(holds.ok_returned, true) as ok_returned,
        coalesce(holds.ok_other_id, true) as is_free_of_other_id,
        coalesce(holds.ok_household, true) as is_free_of_household

    from memberships
    left join enrolled
        on
            memberships.playbook_id = enrolled.playbook_id
            and memberships.customer_id = enrolled.customer_id
    left join written_off
        on memberships.customer_id = written_off.customer_id
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
    left join waits
        on
            memberships.playbook_id = waits.playbook_id
            and memberships.customer_id = waits.customer_id

),

final as (

    select
        *,
        ok_episode
        and ok_enrolled
        and ok_lost
        and ok_written_off
        and ok_running
        and ok_cool_down
        and ok_season
        and ok_expected_order
        and ok_reachable
        and ok_paused
        and ok_in_transit
        and ok_unread_rows
        and ok_returned
        and is_free_of_other_id
        and is_free_of_household as is_fit

    from judged

)

-- The columns of dec_entry__memberships and those that are added here.
select * from final -- noqa: AM04
