{{ config(materialized='view') }}

with

draws as (

    select * from {{ ref('dec_bandit__draws') }}

),

chances as (

    select * from {{ ref('int_bandit__chances') }}
    where is_live

),

arms as (

    select * from {{ ref('int_bandit__arms') }}
    where
        offer_id is not null
        and offer_id != 'none'

),

final as (

    select
        -- ids
        draws.enrollment_id,
        draws.step,
        draws.customer_id,
        chances.arm,
        arms.offer_id,

        -- facts
        coalesce(draws.offer_id = arms.offer_id, false) as is_of_entry,
        min(draws.step) over (partition by draws.enrollment_id) < draws.step
            as is_later_step,

        -- timestamps
        draws.entered_at

    from draws
    inner join chances
        on draws.move_id = chances.move_id
    inner join arms
        on
            chances.playbook_id = arms.playbook_id
            and chances.step = arms.step
            and chances.arm = arms.arm

)

select * from final
