{{ config(materialized='view') }}

with

lines as (

    select
        *,
        may_enter
        and ok_other_playbook
        and ok_other_id
        and ok_household as is_in_queue

    from {{ ref('dec_entry__lines') }}

),

entered_today as (

    select
        playbook_id,
        segment,
        count(*) as entered_count

    from {{ ref('int_enrollments__known') }}
    where
        origin = 'ledger'
        and {{ local_date('entered_at', shop_zone()) }} = {{ as_of_date() }}
    group by playbook_id, segment

),

predictions as (

    select * from {{ ref('int_predictions__used') }}
    where is_used

),

-- Under a daily limit, whoever left last comes first: the odds to win a customer back
-- fall with the time away. By choice, the value at risk goes before it.
queued as (

    select
        lines.*,
        row_number() over (
            partition by
                lines.playbook_id,
                lines.segment,
                lines.is_in_queue
            order by
                case
                    when
                        {{ var('queue_by_value_at_risk') }}
                        and predictions.value_at_risk_cents is not null
                        then predictions.value_at_risk_cents
                    else 0
                end desc,
                {{ latest_order_first('lines.last_order_at') }},
                lines.customer_id asc
        ) + coalesce(entered_today.entered_count, 0) as place_today

    from lines
    left join entered_today
        on
            lines.playbook_id = entered_today.playbook_id
            and lines.segment = entered_today.segment
    left join predictions
        on lines.customer_id = predictions.customer_id

),

final as (

    select
        *,
        not is_in_queue
        or daily_limit is null
        or place_today <= daily_limit as ok_daily_limit

    from queued

)

-- The columns of dec_entry__lines and those that are added here.
select * from final -- noqa: AM04
