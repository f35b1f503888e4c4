{{ config(materialized='view') }}
{%- set in_turn -%}
    over (
            partition by
                customer_id,
                may_enter,
                case when runs_beside then playbook_id end
            order by family_priority, is_by_other_channel, playbook_priority
        )
{%- endset %}

with

rules as (

    select * from {{ ref('dec_entry__openings') }}

),

channel_groups as (

    select * from {{ ref('int_channels__groups') }}

),

-- What a customer asked for or answers on; without either the playbooks' own order holds.
preferences as (

    select
        customers.customer_id,
        channel_groups.channel_group

    from {{ ref('int_customers__channels') }} as customers
    inner join channel_groups
        on customers.preferred_channel = channel_groups.channel
    where
        customers.preferred_channel_source in (
            '{{ var("channel_preference_sources") | join("', '") }}'  -- noqa: LT05
        )

),

preferred as (

    select
        rules.*,
        case
            when
                preferences.channel_group is null
                or preferences.channel_group = rules.reach
                then 0
            else 1
        end as is_by_other_channel

    from rules
    left join preferences
        on rules.customer_id = preferences.customer_id

),

-- One playbook a customer: the first that may have them; beside it, what runs beside. Of
-- one family they get the one on their channel, and stay in the arm that the family's
-- first would have dealt them.
chosen as (

    select
        *,
        first_value(playbook_id) {{ in_turn }} as first_playbook_id,
        first_value(segment) {{ in_turn }} as first_segment,
        first_value(playbook_id) over (
            partition by
                customer_id,
                may_enter,
                family,
                case when runs_beside then playbook_id end
            order by playbook_priority
        ) as dealt_as_playbook_id

    from preferred

),

final as (

    select
        *,
        not may_enter or first_playbook_id = playbook_id as ok_other_playbook

    from chosen

)

-- The columns of dec_entry__openings and those that are added here.
select * from final -- noqa: AM04
