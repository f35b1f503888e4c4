{%- set numbers = [
    'experiment_alpha',
    'experiment_looks',
    'plan_longest_days',
    'sequential_tuning_customers',
    'min_customers_per_arm',
    'min_expected_reactivations',
    'smallest_effect_reactivation',
    'smallest_effect_revenue_cents',
    'smallest_effect_order_value_cents',
    'srm_threshold',
    'srm_min_expected',
    'index_min_watched',
    'index_min_explained',
] -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
final as (

    select
        {% for name in numbers -%}
        cast({{ var(name) }} as double) as {{ name }}
        {{- ',' if not loop.last }}
        {% endfor %}
)

select * from final
