{%- set answers = [
    ('delivered', ['delivered']),
    ('opened', ['opened']),
    ('clicked', ['clicked']),
    ('replied', ['replied']),
    ('opted_out', ['opted_out', 'complained']),
] -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
provider_events as (

    select * from {{ ref('stg_ledger__provider_events') }}

),

-- Scanners and mail proxies open and click everything: that is nobody's answer.
by_people as (

    select * from provider_events
    where
        message_id is not null
        and not is_machine
        and occurred_at <= {{ as_of() }}

),

final as (

    select
        -- ids
        message_id,

        -- the first of each
        {% for name, kinds in answers -%}
        min(
            case
                when kind in ('{{ kinds | join("', '") }}') then occurred_at  -- noqa: LT05
            end
        ) as {{ name }}_at
        {{- ',' if not loop.last }}
        {% endfor %}
    from by_people
    group by message_id

)

select * from final
