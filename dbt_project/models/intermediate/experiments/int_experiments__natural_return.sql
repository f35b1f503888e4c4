{%- set from_days = var('entry_from_days') -%}
{%- set window_days = var('plan_window_days') -%}

with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

launch as (

    select * from {{ ref('int_playbooks__launch') }}

),

spells as (

    select
        customer_id,
        ordered_date,
        {{ dbt.dateadd('day', from_days, 'ordered_date') }} as silent_on,
        lead(ordered_date) over (
            partition by customer_id
            order by ordered_date, order_id
        ) as next_date

    from orders

),

-- From this many days without an order on a playbook takes customers.
silences as (

    select
        customer_id,
        silent_on,
        {{ dbt.dateadd('day', window_days, 'silent_on') }} as watched_until,
        next_date

    from spells
    where
        silent_on <= {{ as_of_date() }}
        and coalesce(next_date > silent_on, true)

),

-- Nobody had written to these, and all of their window has passed.
judged as (

    select
        silences.silent_on,
        silences.watched_until < {{ as_of_date() }}
        and silences.watched_until < launch.launch_date as is_watched,
        silences.next_date <= silences.watched_until as is_back

    from silences
    cross join launch

),

final as (

    select
        cast(sum(case when is_watched then 1 else 0 end) as bigint)
            as watched,
        cast(sum(case when is_watched and is_back then 1 else 0 end) as bigint)
            as came_back,
        -- Four weeks have each weekday as often.
        cast(
            sum(
                case
                    when
                        silent_on
                        > {{ dbt.dateadd('day', -28, as_of_date()) }}
                        then 1
                    else 0
                end
            ) as double
        ) / 28 as silent_a_day

    from judged

)

select * from final
