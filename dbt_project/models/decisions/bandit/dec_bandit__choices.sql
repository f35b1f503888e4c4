with

draws as (

    select * from {{ ref('dec_bandit__draws') }}

),

chances as (

    select * from {{ ref('int_bandit__chances') }}

),

kept as (

    select * from {{ ref('int_bandit__dealt') }}

),

-- The random control deals the arms that are not stopped evenly; where all are, there is one way.
drawn as (

    select
        draws.enrollment_id,
        draws.playbook_id,
        draws.step,
        draws.move_id,
        chances.arm,
        case when draws.is_random then 'random' else 'bandit' end as dealt_by,
        chances.propensity,
        {{ as_of() }} as chosen_at,
        false as is_kept

    from draws
    inner join chances
        on
            draws.move_id = chances.move_id
            and case
                when draws.is_random and chances.live_arms > 0
                    then
                        chances.is_live
                        and floor(draws.place * chances.live_arms)
                        = chances.live_place - 1
                else
                    draws.place * 1000000 >= chances.from_millionths
                    and draws.place * 1000000 < chances.below_millionths
            end

),

-- What was chosen once holds, whatever was learned since.
all_choices as (

    select
        kept.enrollment_id,
        kept.playbook_id,
        kept.step,
        kept.move_id,
        kept.arm,
        kept.dealt_by,
        kept.propensity,
        kept.chosen_at,
        true as is_kept

    from kept

    union all

    select * from drawn

),

final as (

    select
        -- ids
        all_choices.enrollment_id,
        all_choices.playbook_id,
        all_choices.step,
        all_choices.move_id,

        -- facts
        all_choices.arm,
        all_choices.dealt_by,
        all_choices.propensity,
        all_choices.is_kept,
        -- Why nothing is sent; null where the arm is a message.
        case
            when all_choices.arm = 'nothing' then 'bandit_nothing'
            when chances.stopped_by != '' then 'bandit_stopped'
        end as withheld_by,

        -- timestamps
        all_choices.chosen_at

    from all_choices
    left join chances
        on
            all_choices.playbook_id = chances.playbook_id
            and all_choices.step = chances.step
            and all_choices.arm = chances.arm

)

select * from final
