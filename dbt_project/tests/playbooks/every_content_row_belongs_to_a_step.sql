-- A content row names a step of a playbook, and a variant of that playbook where it names one.
-- A returned row names one that is not there.
with

variants as (

    select distinct
        playbook_id,
        variant

    from {{ ref('step_variants') }}

)

select
    contents.playbook_id,
    contents.step,
    contents.variant
from {{ ref('step_contents') }} as contents
left join {{ ref('playbook_steps') }} as steps
    on
        contents.playbook_id = steps.playbook_id
        and contents.step = steps.step
left join variants
    on
        contents.playbook_id = variants.playbook_id
        and contents.variant = variants.variant
where
    steps.step is null
    or (contents.variant is not null and variants.variant is null)
