{{ config(materialized='view') }}

with

choices as (

    select * from {{ ref('int_bandit__dealt') }}

),

moves as (

    select * from {{ ref('stg_ledger__bandit_moves') }}

),

-- A step whose control the operator changed was dealt by several shares: the mean of what its
-- people were dealt by is what their number is held against.
final as (

    select
        choices.playbook_id,
        choices.step,
        avg(moves.random_control_share) as random_control_share

    from choices
    inner join moves
        on choices.move_id = moves.move_id
    group by
        choices.playbook_id,
        choices.step

)

select * from final
