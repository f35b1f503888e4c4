{#-
    What is foretold, and what came of it: the area under the curve is the share of pairs, one
    who did and one who didn't, in which the prediction ranks the one who did first.
-#}
{%- set checks = {
    'p_alive': {'score': 'p_alive', 'hit': 'came_again'},
    'expected_orders': {
        'score': 'expected_orders', 'hit': 'came_again', 'actual': 'order_count',
    },
    'expected_revenue': {
        'score': 'expected_revenue_cents', 'hit': 'spent_much',
        'actual': 'revenue_cents',
    },
} -%}

with

outcomes as (

    select * from {{ ref('int_predictions__outcomes') }}

),

told as (

    {% for model, check in checks.items() %}
    select
        '{{ model }}' as model,
        cutoff_date,
        horizon_days,
        {{ check.score }} as score,
        -silent_days as plain,
        case when {{ check.hit }} then 1 else 0 end as hit,
        cast({{ check.actual | default('null') }} as double) as actual

    from outcomes
    where {{ check.score }} is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

-- Equals share the mean of their ranks.
ranked as (

    select
        *,
        rank() over (partition by model order by score)
        + (count(*) over (partition by model, score) - 1) / 2.0 as score_rank,
        rank() over (partition by model order by plain)
        + (count(*) over (partition by model, plain) - 1) / 2.0 as plain_rank

    from told

),

summed as (

    select
        model,
        cutoff_date,
        horizon_days,
        cast(count(*) as double) as customers,
        cast(sum(hit) as double) as hits,
        sum(hit * score_rank) as score_ranks,
        sum(hit * plain_rank) as plain_ranks,
        sum(score) / nullif(sum(actual), 0) as calibration

    from ranked
    group by model, cutoff_date, horizon_days

),

judged as (

    select
        *,
        (score_ranks - hits * (hits + 1) / 2)
        / nullif(hits * (customers - hits), 0) as auc,
        (plain_ranks - hits * (hits + 1) / 2)
        / nullif(hits * (customers - hits), 0) as plain_auc,
        least(hits, customers - hits)
        >= {{ var('prediction_min_customers') }} as is_enough

    from summed

),

final as (

    select
        -- facts
        model,
        coalesce(
            is_enough and auc - plain_auc >= {{ var('prediction_min_auc_gain') }},
            false
        ) as is_better,

        -- numerics
        horizon_days,
        cast(customers as bigint) as customers,
        cast(hits as bigint) as hits,
        auc,
        plain_auc,
        calibration,

        -- dates
        cutoff_date

    from judged

)

select * from final
