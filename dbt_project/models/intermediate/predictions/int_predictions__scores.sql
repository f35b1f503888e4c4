with

histories as (

    select
        *,
        case purpose when 'scored' then 'current' else 'check' end as role

    from {{ ref('int_predictions__histories') }}
    where purpose in ('scored', 'checked')

),

models as (

    select * from {{ ref('int_predictions__models') }}
    where r is not null

),

expected_orders as (

    select * from {{ ref('stg_predictions__expected_orders') }}

),

-- Orders to expect are known of so many repeats and weeks: of more, those of the most.
reach as (

    select
        fit_id,
        max(repeats) as most_repeats,
        max(weeks) as most_weeks

    from expected_orders
    group by fit_id

),

chances as (

    select
        histories.customer_id,
        histories.role,
        histories.repeats,
        histories.silent_days,
        histories.mean_cents,
        histories.cutoff_date,
        models.fit_id,
        models.horizon_days,
        models.p,
        models.q,
        models.gamma_cents,
        least(histories.repeats, reach.most_repeats) as counted_repeats,
        least(cast(floor(histories.weeks) as bigint), reach.most_weeks)
            as counted_weeks,
        1 / (
            1
            + models.a / (models.b + histories.repeats)
            * power(
                (models.alpha_weeks + histories.weeks)
                / (models.alpha_weeks + histories.last_week),
                models.r + histories.repeats
            )
        ) as p_alive

    from histories
    inner join models
        on histories.role = models.role
    inner join reach
        on models.fit_id = reach.fit_id

),

-- The mean of all orders of the shop, where the customer's own says nothing.
valued as (

    select
        chances.*,
        expected_orders.orders_if_active,
        chances.p
        * (
            chances.gamma_cents
            + case
                when chances.mean_cents is null then 0
                else chances.repeats * chances.mean_cents
            end
        )
        / (
            chances.p
            * case when chances.mean_cents is null then 0 else chances.repeats end
            + chances.q
            - 1
        ) as expected_value_cents

    from chances
    inner join expected_orders
        on
            chances.fit_id = expected_orders.fit_id
            and chances.counted_repeats = expected_orders.repeats
            and chances.counted_weeks = expected_orders.weeks

),

final as (

    select
        -- ids
        customer_id,
        fit_id,

        -- facts
        role,

        -- numerics
        horizon_days,
        silent_days,
        p_alive,
        p_alive * orders_if_active as expected_orders,
        (1 - p_alive) * orders_if_active as lost_orders,

        -- money
        expected_value_cents,

        -- dates
        cutoff_date

    from valued

)

select * from final
