{{ config(materialized='view') }}
{#- What the funnel calls an entry rule that failed, where it has another name for it. -#}
{%- set reasons = {
    'episode': 'never_ordered', 'enrolled': 'enrolled_before',
    'running': 'in_other_playbook', 'reachable': 'suppression_or_zone',
} %}

with

customers as (

    select * from {{ ref('dec_funnel__customers') }}

),

-- The stage that each customer falls at, 0 for nobody's.
final as (

    select
        -- ids
        playbook_id,
        customer_id,

        -- facts
        case
            when enrollment_id is null
                then case
                    when
                        not (
                            ok_episode
                            and ok_enrolled
                            and ok_lost
                            and ok_written_off
                            and ok_running
                            and ok_cool_down
                            and ok_season
                            and ok_expected_order
                        )
                        then 4
                    when not ok_address then 2
                    when not ok_reachable then 3
                    else 4
                end
            when arm = 'holdout' then 5
            when decision is null then 6
            when decision in ('suppressed', 'expired', 'exited') then 6
            when decision = 'capped' then 7
            when decision = 'deferred' then 8
            else 0
        end as drop_order,
        case
            when enrollment_id is null
                then case
                    {%- for rule in entry_rule_ids() %}
                    {%- if rule == 'season' %}
                    when not ok_season
                        then concat(
                            'season until ',
                            substring(cast(waits_until as varchar), 1, 7)
                        )
                    {%- else %}
                    when not ok_{{ rule }} then '{{ reasons.get(rule, rule) }}'
                    {%- endif %}
                    {%- endfor %}
                    else 'not_entered'
                end
            when arm = 'holdout' then 'holdout'
            when decision is null then 'not_due'
            when decision in ('suppressed', 'expired', 'exited') then decision
            when decision = 'capped' and not ok_offer_leak then 'offer_leak'
            when decision = 'capped' and not ok_offer_budget
                then 'offer_budget'
            when decision = 'capped' then 'cap'
            when decision = 'deferred' and not ok_budget then 'budget'
            when decision = 'deferred' and not ok_offer_stacking
                then 'offer_stacking'
            when decision = 'deferred' and send_after_at is null then 'pause'
            when decision = 'deferred' then 'window'
        end as reason

    from customers

)

select * from final
