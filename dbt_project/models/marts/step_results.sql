with

sent as (

    select * from {{ ref('int_messages__all') }}
    where
        has_left
        and step is not null

),

happenings as (

    select * from {{ ref('int_messages__events') }}

),

credits as (

    select * from {{ ref('int_enrollments__credits') }}

),

-- The second enrollment that an order follows gives it no second credit, so a message
-- may have several orders and an order one message.
credited as (

    select
        message_id,
        count(*) as orders,
        sum(net_revenue_cents) as net_revenue_cents

    from credits
    group by message_id

),

dated as (

    select
        sent.*,
        {{ dbt.date_trunc('week', local_date('sent.left_at', shop_zone())) }}
            as week

    from sent

),

final as (

    select
        -- ids
        cast(dated.playbook_id as varchar) as playbook_id,
        cast(dated.step as bigint) as step,
        cast(dated.channel as varchar) as channel,
        cast(dated.variant as varchar) as variant,
        cast(dated.week as date) as week,

        -- numerics
        cast(count(*) as bigint) as sent,
        cast(count(happenings.delivered_at) as bigint) as delivered,
        cast(
            sum(
                case
                    when
                        happenings.delivery_status in (
                            'undelivered', 'failed', 'bounced', 'dropped'
                        )
                        then 1
                    else 0
                end
            ) as bigint
        ) as not_delivered,
        cast(count(happenings.opened_at) as bigint) as opened,
        cast(count(happenings.clicked_at) as bigint) as clicked,
        cast(count(happenings.replied_at) as bigint) as replied,
        cast(count(happenings.opted_out_at) as bigint) as opted_out,
        cast(count(happenings.complained_at) as bigint) as complained,
        cast(coalesce(sum(credited.orders), 0) as bigint) as credited_orders,

        -- money
        cast(coalesce(sum(credited.net_revenue_cents), 0) as bigint)
            as credited_revenue_cents,
        cast(coalesce(sum(dated.cost_cents), 0) as decimal(18, 4))
            as cost_cents

    from dated
    left join happenings
        on dated.message_id = happenings.message_id
    left join credited
        on dated.message_id = credited.message_id
    group by
        dated.playbook_id,
        dated.step,
        dated.channel,
        dated.variant,
        dated.week

)

select * from final
