{{ config(materialized='view') }}
{%- set facts = [
    'ok_address', 'ok_consent', 'is_reachable', 'ok_paused', 'ok_in_transit',
    'ok_unread_rows',
] %}

with

memberships as (

    select * from {{ ref('dec_entry__memberships') }}

),

playbook_channels as (

    select distinct
        playbook_id,
        channel,
        channel_group

    from {{ ref('int_playbooks__steps') }}

),

-- A series is reached by its own consent.
verdicts as (

    select
        customer_id,
        '' as join_id,
        channel,
        {{ facts | join(', ') }}

    from {{ ref('dec_eligibility__channels') }}

    union all

    select
        customer_id,
        join_id,
        channel,
        {{ facts | join(', ') }}

    from {{ ref('dec_eligibility__series') }}

),

-- A playbook reaches whom one of its own channels of the group reaches.
final as (

    select
        memberships.playbook_id,
        memberships.customer_id,
        max(case when verdicts.ok_address then 1 else 0 end) = 1 as ok_address,
        max(
            case when verdicts.ok_address and verdicts.ok_consent then 1 else 0 end
        ) = 1 as ok_consent,
        max(case when verdicts.is_reachable then 1 else 0 end) = 1 as ok_reachable,
        max(case when verdicts.ok_paused then 1 else 0 end) = 1 as ok_paused,
        max(case when verdicts.ok_in_transit then 1 else 0 end) = 1 as ok_in_transit,
        max(case when verdicts.ok_unread_rows then 1 else 0 end) = 1 as ok_unread_rows

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
    group by memberships.playbook_id, memberships.customer_id

)

select * from final
