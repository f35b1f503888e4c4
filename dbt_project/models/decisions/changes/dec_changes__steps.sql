{{ config(materialized='view') }}

with

steps as (

    select * from {{ ref('dec_steps__times') }}

),

due as (

    select * from {{ ref('dec_steps__due') }}

),

-- The next windows of all, also of those that nothing is due for.
windows as (

    select closes_at from {{ ref('int_windows__next_windows') }}
    union all
    select closes_at from {{ ref('int_windows__nearest_windows') }}

),

moments as (

    {% for what, moment in {
        'due': 'due_at',
        'range': 'expires_at',
        'memory': days_after(var('decision_memory_days'), 'expires_at'),
    }.items() -%}
    select
        'ledger' as hangs_on,
        '{{ what }}' as what,
        {{ moment }} as changes_at

    from steps

    union all

    {% endfor -%}
    -- Tomorrow has a budget of its own.
    select
        'ledger' as hangs_on,
        'budget' as what,
        {{ end_of_day(as_of_date(), shop_zone()) }} as changes_at

    from due
    where not {{ rule_holds('budget', 'paused_by') }}

    union all

    {% for moment in ['window_opens_at', 'preferred_at'] -%}
    select
        'ledger' as hangs_on,
        'window' as what,
        {{ moment }} as changes_at

    from due

    union all

    {% endfor -%}
    select
        'shop' as hangs_on,
        'window' as what,
        closes_at as changes_at

    from windows

),

final as (

    select
        hangs_on,
        what,
        min(changes_at) as changes_at

    from moments
    where changes_at > {{ as_of() }}
    group by
        hangs_on,
        what

)

select * from final
