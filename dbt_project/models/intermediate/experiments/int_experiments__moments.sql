{{ config(materialized='view') }}

with

enrollments as (

    select * from {{ ref('int_enrollments__known') }}

),

spans as (

    {% for window_days, days_before in history_spans() %}
    select
        {{ window_days }} as window_days,
        {{ days_before }} as days_before
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

first_entries as (

    select
        playbook_id,
        min(entered_at) as first_entered_at

    from enrollments
    group by playbook_id

),

final as (

    select
        -- ids
        first_entries.playbook_id,

        -- numerics
        cast(spans.window_days as bigint) as window_days,

        -- timestamps
        {{ days_after('-spans.days_before', 'first_entries.first_entered_at') }}
            as watched_from,
        {{ days_after(
            'spans.window_days - spans.days_before',
            'first_entries.first_entered_at'
        ) }} as watched_until

    from first_entries
    cross join spans

)

select * from final
