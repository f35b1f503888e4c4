with

plans as (

    select * from {{ ref('int_experiments__started') }}

),

strata as (

    select * from {{ ref('int_experiments__strata') }}

),

enrollment_windows as (

    select * from {{ ref('int_enrollments__windows') }}
    where is_mature

),

entry_indexes as (

    select * from {{ ref('int_experiments__index') }}

),

counted as (

    select
        plans.plan_id,
        enrollment_windows.ends_at,
        case when enrollment_windows.arm = 'holdout' then 0 else 1 end
            as treatment,
        case when enrollment_windows.arm = 'holdout' then 1 else 0 end
            as control,
        case when enrollment_windows.is_reactivated then 1 else 0 end as is_back,
        entry_indexes.entry_index

    from enrollment_windows
    inner join strata
        on enrollment_windows.enrollment_id = strata.enrollment_id
    inner join plans
        on
            strata.stratum = plans.plan_id
            and enrollment_windows.window_days = plans.window_days
    left join entry_indexes
        on enrollment_windows.enrollment_id = entry_indexes.enrollment_id

),

-- In the order in which windows end, and not in that of the machine's runs. Sums of an index
-- that a playbook does not have are null in both arms.
-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
matured as (

    select
        plan_id,
        ends_at
        {%- for arm in ('treatment', 'control') %},
        sum({{ arm }}) as n_{{ arm }},
        sum({{ arm }} * is_back) as reactivated_{{ arm }},
        sum({{ arm }} * entry_index) as index_{{ arm }},
        sum({{ arm }} * entry_index * entry_index) as index_squared_{{ arm }},
        sum({{ arm }} * entry_index * is_back) as index_reactivated_{{ arm }}
        {%- endfor %}

    from counted
    group by plan_id, ends_at

),

final as (

    select
        -- ids
        plan_id,

        -- numerics
        {%- for arm in ('treatment', 'control') %}
        {%- for name, type in {
            'n': 'bigint',
            'reactivated': 'bigint',
            'index': 'double',
            'index_squared': 'double',
            'index_reactivated': 'double',
        }.items() %}
        cast(
            sum({{ name }}_{{ arm }}) over (
                partition by plan_id
                order by ends_at
            ) as {{ type }}
        ) as {{ name }}_{{ arm }},
        {%- endfor %}
        {%- endfor %}

        -- timestamps
        ends_at

    from matured

)

select * from final
