-- The last content row of a step and variant needs nothing, and no other one does.
-- A returned row leaves somebody without words, or hides the rows behind it.
with

ranked as (

    select
        *,
        row_number() over (
            partition by playbook_id, step, variant
            order by turn desc
        ) as place_from_last

    from {{ ref('step_contents') }}

)

select
    playbook_id,
    step,
    variant,
    turn
from ranked
where (needs is null) <> (place_from_last = 1)
