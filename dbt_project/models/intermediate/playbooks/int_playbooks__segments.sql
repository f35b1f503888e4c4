{{ config(materialized='view') }}

with

playbook_segments as (

    select * from {{ ref('playbook_segments') }}

),

opened as (

    select
        playbook_segments.playbook_id,
        {{ opening_segment('playbook_segments.segment') }} as segment,
        playbook_segments.priority,
        playbook_segments.daily_limit,
        playbook_segments.offer_id

    from playbook_segments

),

-- A seed that names both segments has two rows for one: the first counts.
ranked as (

    select
        *,
        row_number() over (
            partition by playbook_id, segment
            order by priority
        ) as segment_rank

    from opened

),

final as (

    select
        playbook_id,
        segment,
        priority,
        daily_limit,
        offer_id

    from ranked
    where segment_rank = 1

)

select * from final
