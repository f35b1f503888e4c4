{{ config(materialized='view') }}

with

draws as (

    select * from {{ ref('dec_bandit__draws') }}

),

chances as (

    select * from {{ ref('int_bandit__chances') }}

),

barred as (

    select * from {{ ref('dec_bandit__barred') }}

),

-- The arms that this person may be dealt, side by side by name as in their move.
allowed as (

    select
        draws.enrollment_id,
        draws.playbook_id,
        draws.step,
        draws.move_id,
        draws.is_random,
        draws.place,
        chances.arm,
        chances.is_live,
        chances.random_control_share,
        chances.millionths

    from draws
    inner join chances
        on draws.move_id = chances.move_id
    left join barred
        on
            draws.enrollment_id = barred.enrollment_id
            and draws.step = barred.step
            and chances.arm = barred.arm
    where barred.arm is null

),

side_by_side as (

    select
        *,
        sum(millionths) over (
            partition by enrollment_id, step
            order by arm
            rows between unbounded preceding and current row
        ) as below_millionths,
        sum(millionths) over (partition by enrollment_id, step) as whole,
        sum(case when is_live then 1 else 0 end) over (
            partition by enrollment_id, step
            order by arm
            rows between unbounded preceding and current row
        ) as live_place,
        sum(case when is_live then 1 else 0 end) over (
            partition by enrollment_id, step
        ) as live_arms

    from allowed

),

-- The arithmetic of winback/measure/bandit/_arms.py (`chance`), in its order: a check compares
-- bit for bit. Where no arm is left, nothing is sent.
final as (

    select
        -- ids
        enrollment_id,
        playbook_id,
        step,
        move_id,

        -- facts
        arm,
        is_random,
        case
            when whole = 0 then arm = 'nothing'
            when is_random and live_arms > 0
                then is_live and floor(place * live_arms) = live_place - 1
            else
                place * whole >= below_millionths - millionths
                and place * whole < below_millionths
        end as is_dealt,

        -- chances
        case
            when whole = 0
                then
                    case
                        when arm = 'nothing' then cast(1 as double)
                        else cast(0 as double)
                    end
            when live_arms = 0
                then cast(millionths as double) / cast(whole as double)
            else
                (cast(1 as double) - random_control_share)
                * (cast(millionths as double) / cast(whole as double))
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
