{#- The run's own budget begins anew with each plan, so nothing waits for it here. -#}
{%- set budgets = {
    'day_cents': var('budget_day_cents'), 'month_cents': var('budget_month_cents')
} -%}

with

messages as (

    select * from {{ ref('int_messages__all') }}
    where origin = 'ledger'

),

dated as (

    select
        planned_cost_cents,
        {{ local_date('left_at', shop_zone()) }} as local_day

    from messages
    where has_left

),

spent as (

    select
        coalesce(
            sum(case when local_day = {{ as_of_date() }} then planned_cost_cents end), 0
        ) as day_cents,
        coalesce(
            sum(
                case
                    when
                        {{ dbt.date_trunc('month', 'local_day') }}
                        = {{ dbt.date_trunc('month', as_of_date()) }}
                        then planned_cost_cents
                end
            ), 0
        ) as month_cents

    from dated

),

-- What the last look let nobody send for lack of budget waits until it fits. One whose price
-- nobody knows never does.
final as (

    select
        -- ids
        messages.enrollment_id,
        messages.step

    from messages
    cross join spent
    where
        messages.state in ('planned', 'deferred')
        and messages.state_reason = 'guard:budget'
        and (
            false
            {%- for column, cents in budgets.items() if cents is not none %}
            or messages.planned_cost_cents is null
            or messages.planned_cost_cents + spent.{{ column }} > {{ cents }}
            {%- endfor %}
        )

)

select * from final
