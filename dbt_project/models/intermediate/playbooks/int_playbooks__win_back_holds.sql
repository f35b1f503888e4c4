with

playbooks as (

    select * from {{ ref('int_playbooks__entry') }}
    where
        is_win_back
        and series_id is null

),

channel_groups as (

    select 'email' as channel_group
    union all
    select 'phone' as channel_group
    union all
    select 'post' as channel_group

),

holds as (

    select * from {{ ref('int_contact__identity_holds') }}

),

final as (

    select
        -- ids
        playbooks.playbook_id,
        holds.customer_id,
        channel_groups.channel_group,

        -- who may not enter
        max(case when holds.rule = 'other_id' then 1 else 0 end) = 0
            as ok_other_id,
        max(case when holds.rule = 'household' then 1 else 0 end) = 0
            as ok_household,
        max(case when holds.rule = 'returned' then 1 else 0 end) = 0
            as ok_returned,
        max(case when holds.rule = 'in_transit' then 1 else 0 end) = 0
            as ok_in_transit,

        -- what may not go out to who is in it
        max(
            case
                when holds.rule = 'other_id' and holds.is_at_step then 1
                else 0
            end
        ) = 0 as ok_step_other_id,
        max(
            case
                when holds.rule = 'household' and holds.is_at_step then 1
                else 0
            end
        ) = 0 as ok_step_household

    from holds
    cross join channel_groups
    cross join playbooks
    where
        holds.channel_group = channel_groups.channel_group
        or holds.channel_group is null
    group by
        playbooks.playbook_id, holds.customer_id, channel_groups.channel_group

)

select * from final
