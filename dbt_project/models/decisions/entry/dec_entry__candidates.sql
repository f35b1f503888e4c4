{%- set rules = entry_rule_ids() -%}

with

takers as (

    select * from {{ ref('dec_entry__takers') }}

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(customer_id as varchar) as customer_id,
        cast(coalesce(episode_order_id, '') as varchar) as episode_order_id,
        cast(offer_id as varchar) as offer_id,
        cast(dealt_as_playbook_id as varchar) as dealt_as_playbook_id,

        -- facts
        cast(segment as varchar) as segment,
        cast(coalesce(other_segments, '') as varchar) as other_segments,
        cast(family as varchar) as family,
        is_in_queue and ok_daily_limit and ok_offer_used_up as is_entering,
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

        -- dates
        cast(
            coalesce(
                season_opens_on,
                {{ dbt.dateadd('day', 1, 'order_expected_on') }}
            ) as date
        ) as waits_until,

        -- rules
        {% for rule in rules -%}
        ok_{{ rule }},
        {% endfor -%}
        cast({{ failed_rules(rules) }} as varchar) as blocked_by

    from takers

)

select * from final
