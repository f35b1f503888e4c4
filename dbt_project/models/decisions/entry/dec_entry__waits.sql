with

-- The goodbye to the lost is for whoever has no season or order to wait for.
memberships as (

    select * from {{ ref('dec_entry__memberships') }}
    where is_win_back and not writes_off

),

customers as (

    select * from {{ ref('int_customers__lifecycle') }}

),

seasons as (

    select * from {{ ref('int_customers__seasons') }}
    where season_order_share >= {{ var('seasonal_from_share') }}

),

-- What an enabled playbook for the days before a season would write on.
seasonal_channels as (

    select distinct steps.channel

    from {{ ref('playbook_segments') }} as playbook_segments
    inner join {{ ref('int_playbooks__entry') }} as playbooks
        on playbook_segments.playbook_id = playbooks.playbook_id
    inner join {{ ref('int_playbooks__steps') }} as steps
        on
            playbooks.playbook_id = steps.playbook_id
            and playbooks.reach = steps.channel_group
    where
        playbooks.is_enabled
        and playbook_segments.segment = 'seasonal'

),

-- Whom such a playbook does not reach need not wait for it.
reached as (

    select distinct eligibility.customer_id

    from {{ ref('dec_eligibility__channels') }} as eligibility
    inner join seasonal_channels
        on eligibility.channel = seasonal_channels.channel
    where eligibility.is_reachable

),

-- Nobody waits for longer than their segment is open: an entry window that closes
-- meanwhile would be a win-back that never comes.
judged as (

    select
        memberships.playbook_id,
        memberships.customer_id,
        case
            when reached.customer_id is not null
                then greatest(
                    {{ as_of_date() }},
                    cast(
                        {{ dbt.dateadd(
                            'day', -var('season_lead_days'),
                            'seasons.next_season_start'
                        ) }} as date
                    )
                )
        end as season_opens_on,
        case
            when
                {{ dbt.datediff(
                    as_of_date(), 'customers.expected_next_order_date', 'day'
                ) }} between 0 and {{ var('expected_order_wait_days') }}
                and (
                    memberships.segment not in ('lapsed_30_45', 'newly_lapsed')
                    or {{ dbt.datediff(
                        'customers.last_activity_date',
                        'customers.expected_next_order_date', 'day'
                    ) }} < {{ entry_to_days('customers') }}
                )
                then customers.expected_next_order_date
        end as order_expected_on

    from memberships
    left join customers
        on memberships.customer_id = customers.customer_id
    left join seasons
        on memberships.customer_id = seasons.customer_id
    left join reached
        on seasons.customer_id = reached.customer_id

),

final as (

    select * from judged
    where season_opens_on is not null or order_expected_on is not null

)

select * from final
