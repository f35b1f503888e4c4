with

draws as (

    select * from {{ ref('dec_bandit__draws') }}

),

own_chances as (

    select * from {{ ref('dec_bandit__chances') }}
    where is_dealt

),

barred as (

    select
        enrollment_id,
        step,
        {{ sorted_list('arm') }} as barred_arms

    from {{ ref('dec_bandit__barred') }}
    group by
        enrollment_id,
        step

),

arms as (

    select * from {{ ref('int_bandit__arms') }}

),

offers as (

    select * from {{ ref('offers') }}

),

chances as (

    select * from {{ ref('int_bandit__chances') }}

),

kept as (

    select * from {{ ref('int_bandit__dealt') }}

),

-- An arm that names the offer of the entry makes it until the end that it had from the entry.
drawn as (

    select
        draws.enrollment_id,
        draws.playbook_id,
        draws.step,
        draws.move_id,
        own_chances.arm,
        case when draws.is_random then 'random' else 'bandit' end as dealt_by,
        own_chances.propensity,
        coalesce(barred.barred_arms, '') as barred_arms,
        arms.offer_id,
        case
            when arms.offer_id = draws.offer_id then draws.offer_expires_at
            else {{ days_after('offers.validity_days', as_of()) }}
        end as offer_expires_at,
        {{ as_of() }} as chosen_at,
        false as is_kept

    from draws
    inner join own_chances
        on
            draws.enrollment_id = own_chances.enrollment_id
            and draws.step = own_chances.step
    left join barred
        on
            draws.enrollment_id = barred.enrollment_id
            and draws.step = barred.step
    left join arms
        on
            own_chances.playbook_id = arms.playbook_id
            and own_chances.step = arms.step
            and own_chances.arm = arms.arm
    left join offers
        on arms.offer_id = offers.offer_id

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
        kept.barred_arms,
        kept.offer_id,
        kept.offer_expires_at,
        kept.chosen_at,
        true as is_kept

    from kept

    union all

    select * from drawn

),

-- Why nothing is sent; null where the arm is a message.
final as (

    select
        all_choices.*,
        case
            when all_choices.arm = 'nothing' then 'bandit_nothing'
            when chances.stopped_by != '' then 'bandit_stopped'
        end as withheld_by

    from all_choices
    left join chances
        on
            all_choices.playbook_id = chances.playbook_id
            and all_choices.step = chances.step
            and all_choices.arm = chances.arm

)

select * from final -- noqa: AM04
