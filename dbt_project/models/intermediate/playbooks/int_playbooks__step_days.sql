{%- set max_steps = var('max_steps_per_playbook') -%}

with

playbooks as (

    select * from {{ ref('playbooks') }}

),

steps as (

    select * from {{ ref('playbook_steps') }}

),

step_variants as (

    select * from {{ ref('step_variants') }}

),

-- A variant may wait longer at a step, or less.
longest as (

    select
        playbook_id,
        step,
        max(max_days) as max_days,
        min(min_days) as min_days

    from step_variants
    group by playbook_id, step

),

ordered as (

    select
        steps.playbook_id,
        steps.step,
        steps.anchor_step,
        greatest(
            steps.max_days, coalesce(longest.max_days, steps.max_days)
        ) as longest_days,
        least(
            steps.min_days, coalesce(longest.min_days, steps.min_days)
        ) as shortest_days,
        row_number() over (
            partition by steps.playbook_id
            order by steps.step
        ) as step_order,
        count(*) over (partition by steps.playbook_id) as step_count

    from steps
    inner join playbooks
        on steps.playbook_id = playbooks.playbook_id
    left join longest
        on
            steps.playbook_id = longest.playbook_id
            and steps.step = longest.step

),

anchored as (

    select
        ordered.*,
        anchors.step_order as anchor_order

    from ordered
    left join ordered as anchors
        on
            ordered.playbook_id = anchors.playbook_id
            and ordered.anchor_step = anchors.step

),

-- The last day of each step when every step before it goes out as late as it may, and the first:
-- one CTE a step, each adding its step to those before it.
latest_0 as (

    select
        playbook_id,
        step_order,
        longest_days as latest_day,
        shortest_days as earliest_day

    from anchored
    where anchor_order is null

),

{% for order in range(2, max_steps + 1) %}
latest_{{ loop.index }} as (

    select * from latest_{{ loop.index0 }}

    union all

    select
        anchored.playbook_id,
        anchored.step_order,
        anchors.latest_day + anchored.longest_days as latest_day,
        anchors.earliest_day + anchored.shortest_days as earliest_day

    from anchored
    inner join latest_{{ loop.index0 }} as anchors
        on
            anchored.playbook_id = anchors.playbook_id
            and anchored.anchor_order = anchors.step_order
    where anchored.step_order = {{ order }}

),

{% endfor -%}

final as (

    select
        -- ids
        anchored.playbook_id,
        anchored.step,
        cast(anchored.step_order as bigint) as step_order,
        anchored.step_order = anchored.step_count as is_last,
        cast(anchored.anchor_order as bigint) as anchor_order,

        -- timing
        cast(latest.latest_day as bigint) as latest_day,
        cast(latest.earliest_day as bigint) as earliest_day

    from anchored
    left join latest_{{ max_steps - 1 }} as latest
        on
            anchored.playbook_id = latest.playbook_id
            and anchored.step_order = latest.step_order

)

select * from final
