{%- set answers = [
    ('delivered', ['delivered']),
    ('opened', ['opened']),
    ('clicked', ['clicked']),
    ('replied', ['replied']),
    ('opted_out', ['opted_out', 'complained']),
    ('complained', ['complained']),
] -%}

with

-- The linter knows no indent for columns that a loop makes.
-- noqa: disable=LT02
happenings as (

    select * from {{ ref('int_messages__happenings') }}

),

delivery_statuses as (

    select * from {{ ref('delivery_statuses') }}

),

-- Callbacks come late, again and in any order: the furthest that a message came counts,
-- and an error is remembered whatever came after it.
ranked as (

    select
        happenings.*,
        delivery_statuses.delivery_status,
        row_number() over (
            partition by happenings.message_id
            order by
                coalesce(delivery_statuses.delivery_rank, 0) desc,
                happenings.occurred_at asc,
                happenings.semantic_key asc
        ) as status_rank,
        row_number() over (
            partition by happenings.message_id
            order by
                case when happenings.error_code is null then 1 else 0 end,
                coalesce(delivery_statuses.delivery_rank, 0) desc,
                happenings.occurred_at asc,
                happenings.semantic_key asc
        ) as error_rank

    from happenings
    left join delivery_statuses
        on
            happenings.provider = delivery_statuses.provider
            and happenings.kind = delivery_statuses.kind

),

final as (

    select
        -- ids
        message_id,

        -- how far it came
        max(case when status_rank = 1 then delivery_status end)
            as delivery_status,
        max(case when error_rank = 1 then error_code end) as error_code,

        -- the first of each; what scanners and mail apps do is nobody's answer
        {% for name, kinds in answers -%}
        min(
            case
                when
                    not is_machine
                    and kind in ('{{ kinds | join("', '") }}')  -- noqa: LT05
                    then occurred_at
            end
        ) as {{ name }}_at
        {{- ',' if not loop.last }}
        {% endfor %}
    from ranked
    group by message_id

)

select * from final
