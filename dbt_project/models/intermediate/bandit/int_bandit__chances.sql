with

moves as (

    select * from {{ ref('int_bandit__moves') }}
    where newest_first = 1

),

-- What becomes of these for one person is dec_bandit__chances' to say.
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
        stopped_by = '' as is_live,

        -- chances
        random_control_share,
        millionths

    from moves

)

select * from final
