with

history as (

    select * from {{ ref('int_experiments__history') }}
    where is_back

),

-- The latest moment of each window: earlier ones are for the index.
ranked as (

    select
        playbook_id,
        window_days,
        spent_cents_after,
        dense_rank() over (
            partition by playbook_id, window_days
            order by watched_from desc
        ) as moment_rank

    from history

),

final as (

    select
        -- ids
        playbook_id,
        window_days,

        -- money
        cast(
            round(
                percentile_cont({{ var('revenue_cap_quantile') }})
                within group (order by cast(spent_cents_after as double)),
                0
            ) as bigint
        ) as revenue_cap_cents

    from ranked
    where moment_rank = 1
    group by playbook_id, window_days
    having count(*) >= {{ var('revenue_cap_min_customers') }}

)

select * from final
