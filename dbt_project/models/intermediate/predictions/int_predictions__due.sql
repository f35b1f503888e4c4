{{ config(materialized='view') }}
{#-
    The last whole day, and the last one that a whole horizon has followed: what is fitted to it
    foretells days that are known.
-#}
{%- set days_back = {
    'current': 1,
    'check': 1 + var('prediction_horizon_days'),
} -%}

with

models as (

    select * from {{ ref('int_predictions__models') }}

),

cutoffs as (

    {% for role, days in days_back.items() %}
    select
        '{{ role }}' as role,
        cast({{ dbt.dateadd('day', -days, as_of_date()) }} as date) as cutoff_date
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

final as (

    select
        -- facts
        cutoffs.role,

        -- dates
        cutoffs.cutoff_date

    from cutoffs
    left join models
        on
            cutoffs.role = models.role
            and models.trained_until
            > {{ dbt.dateadd('day', -var('prediction_refit_days'), 'cutoffs.cutoff_date') }}  -- noqa: LT05
    where models.fit_id is null

)

select * from final
