{{ config(materialized='view') }}

with

due as (

    select * from {{ ref('dec_steps__due') }}

),

-- Of the owners of one address, the first gets the run's message; who is in two
-- playbooks side by side gets as many as the cap of a day allows, what ends first. A
-- series, which has a cap of its own, neither takes a place from the others nor gives one.
contested as (

    select
        *,
        row_number() over (
            partition by channel_group, address, series_id, is_ready
            order by customer_id, expires_at, enrollment_id
        ) as address_rank,
        row_number() over (
            partition by customer_id, series_id, is_ready
            order by expires_at, enrollment_id
        ) as person_rank,
        min(case when is_ready then customer_id end)
            over (partition by channel_group, address, series_id) as winner_id,
        min(case when is_ready then customer_id end)
            over (partition by channel_group, address, playbook_id, step)
            as step_winner_id

    from due

),

-- A loser at the winner's own step will not get it; one at another step waits.
final as (

    select
        *,
        is_ready
        and address_rank > 1
        and customer_id != winner_id
        and step_winner_id = winner_id as is_served_by_other,
        is_ready
        and (
            person_rank > case
                when series_id is null then {{ var('cap_per_24h') }}
                else coalesce(series_cap_per_24h, 0)
            end
            or (
                address_rank > 1
                and customer_id != winner_id
                and step_winner_id != winner_id
            )
        ) as is_behind_other

    from contested

)

-- The columns of dec_steps__due and those that are added here.
select * from final -- noqa: AM04
