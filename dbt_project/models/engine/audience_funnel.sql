{#- Who is left after each stage, and why the others are not. -#}
{%- set stages = [
    'lapsed', 'reachable', 'consented', 'entered', 'treated', 'due',
    'not_capped', 'in_window', 'chosen',
] -%}

with

playbooks as (

    select * from {{ ref('playbooks') }}
    where is_enabled

),

dropped as (

    select * from {{ ref('dec_funnel__drops') }}

),

playbook_stages as (

    {% for stage in stages %}
    select
        playbook_id,
        {{ loop.index }} as stage_order,
        '{{ stage }}' as stage

    from playbooks
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

reason_counts as (

    select
        playbook_id,
        drop_order,
        reason,
        count(*) as customers

    from dropped
    group by playbook_id, drop_order, reason

),

stage_counts as (

    select
        playbook_stages.playbook_id,
        playbook_stages.stage_order,
        playbook_stages.stage,
        sum(
            case
                when
                    reason_counts.drop_order = 0
                    or reason_counts.drop_order > playbook_stages.stage_order
                    then reason_counts.customers
                else 0
            end
        ) as customers,
        sum(
            case
                when reason_counts.drop_order = playbook_stages.stage_order
                    then reason_counts.customers
                else 0
            end
        ) as dropped,
        {{ sorted_list(
            "case when reason_counts.drop_order = playbook_stages.stage_order"
            ~ " then reason_counts.reason || ' '"
            ~ " || cast(reason_counts.customers as varchar) end"
        ) }} as reason

    from playbook_stages
    left join reason_counts
        on playbook_stages.playbook_id = reason_counts.playbook_id
    group by
        playbook_stages.playbook_id,
        playbook_stages.stage_order,
        playbook_stages.stage

),

final as (

    select
        -- ids
        cast(playbook_id as varchar) as playbook_id,
        cast(stage_order as bigint) as stage_order,
        cast(stage as varchar) as stage,

        -- numerics
        cast(coalesce(customers, 0) as bigint) as customers,
        cast(coalesce(dropped, 0) as bigint) as dropped,

        -- facts
        coalesce(reason, '') as reason

    from stage_counts

)

select * from final
