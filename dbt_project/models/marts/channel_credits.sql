with

shares as (

    select * from {{ ref('int_credits__shares') }}

),

messages as (

    select * from {{ ref('int_messages__all') }}

),

dated as (

    select
        shares.method,
        messages.channel,
        shares.credited_orders,
        shares.credited_revenue_cents,
        {{ dbt.date_trunc(
            'week', local_date('shares.ordered_at', shop_zone())
        ) }} as week

    from shares
    inner join messages
        on shares.message_id = messages.message_id

),

final as (

    select
        -- ids
        cast(method as varchar) as method,
        cast(channel as varchar) as channel,
        cast(week as date) as week,

        -- facts
        cast('credited, not caused' as varchar) as kind,

        -- numerics
        cast(sum(credited_orders) as double) as credited_orders,

        -- money
        cast(sum(credited_revenue_cents) as bigint) as credited_revenue_cents

    from dated
    group by method, channel, week

)

select * from final
