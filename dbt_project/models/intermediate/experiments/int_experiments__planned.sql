with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

planned_shares as (

    select * from {{ ref('int_experiments__planned_shares') }}

),

scaled as (

    select
        playbook_id,
        arm,
        variant,
        total
        * planned_share
        / sum(planned_share) over (partition by playbook_id, origin)
            as expected,
        cast(0 as bigint) as assigned

    from planned_shares

),

counted as (

    select
        playbook_id,
        arm,
        variant,
        cast(0 as double) as expected,
        count(*) as assigned

    from enrollments
    group by playbook_id, arm, variant

),

both_counts as (

    select * from scaled
    union all
    select * from counted

),

final as (

    select
        -- ids
        playbook_id,
        arm,
        variant,

        -- numerics
        cast(sum(expected) as double) as expected,
        cast(sum(assigned) as bigint) as assigned

    from both_counts
    group by playbook_id, arm, variant

)

select * from final
