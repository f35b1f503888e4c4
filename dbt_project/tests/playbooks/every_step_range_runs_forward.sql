-- A step's days are given, not negative, and its first is not after its last, in each
-- variant as well.
-- A returned row is a step that could never be sent, or that is due before its anchor.
with

ranges as (

    select
        playbook_id,
        step,
        null as variant,
        min_days,
        max_days
    from {{ ref('playbook_steps') }}

    union all

    select
        steps.playbook_id,
        steps.step,
        variants.variant,
        coalesce(variants.min_days, steps.min_days) as min_days,
        coalesce(variants.max_days, steps.max_days) as max_days
    from {{ ref('playbook_steps') }} as steps
    inner join {{ ref('step_variants') }} as variants
        on
            steps.playbook_id = variants.playbook_id
            and steps.step = variants.step

)

select * from ranges
where
    min_days is null
    or max_days is null
    or min_days < 0
    or min_days > max_days
