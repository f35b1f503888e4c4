with

moves as (

    select * from {{ ref('int_bandit__moves') }}
    where newest_first = 1

),

-- Arms side by side by name, as the move was reckoned: a hash falls into the part of one.
side_by_side as (

    select
        move_id,
        playbook_id,
        step,
        seed,
        random_control_share,
        arm,
        millionths,
        stopped_by,
        stopped_by = '' as is_live,
        sum(millionths) over (
            partition by move_id
            order by arm
            rows between unbounded preceding and current row
        ) as below_millionths,
        sum(case when stopped_by = '' then 1 else 0 end) over (
            partition by move_id
            order by arm
            rows between unbounded preceding and current row
        ) as live_place,
        sum(case when stopped_by = '' then 1 else 0 end) over (
            partition by move_id
        ) as live_arms

    from moves

),

-- The arithmetic of winback/measure/bandit/_arms.py (`chance`), in its order: a check compares
-- bit for bit.
final as (

    select
        -- ids
        move_id,
        playbook_id,
        step,
        arm,

        -- facts
        seed,
        stopped_by,
        is_live,
        cast(live_place as bigint) as live_place,
        cast(live_arms as bigint) as live_arms,

        -- chances
        random_control_share,
        cast(below_millionths - millionths as bigint) as from_millionths,
        cast(below_millionths as bigint) as below_millionths,
        case
            when live_arms = 0
                then cast(millionths as double) / cast(1000000 as double)
            else
                (cast(1 as double) - random_control_share)
                * (cast(millionths as double) / cast(1000000 as double))
                + random_control_share
                * case
                    when is_live
                        then cast(1 as double) / cast(live_arms as double)
                    else cast(0 as double)
                end
        end as propensity

    from side_by_side

)

select * from final
