with

prices as (

    select
        *,
        valid_from is null or valid_from <= {{ as_of_date() }} as is_valid

    from {{ ref('channel_costs') }}

),

-- The newest price that holds; before the first one holds, that one.
ranked as (

    select
        *,
        row_number() over (
            partition by channel, country
            order by
                case when is_valid then 0 else 1 end,
                case when is_valid then valid_from end desc nulls last,
                valid_from asc
        ) as price_rank

    from prices

),

in_shop_currency as (

    select
        channel,
        country,
        cast(
            cost_cents_per_part * {{ exchange_rate('currency') }}
            as decimal(12, 4)
        ) as cost_cents_per_part,
        source

    from ranked
    where price_rank = 1

),

-- A country without a price of its own counts as the dearest: too little would spend more
-- than somebody allowed.
final as (

    select
        channel,
        country,
        cost_cents_per_part,
        source

    from in_shop_currency
    where country <> '*'

    union all

    select
        channel,
        '*' as country,
        max(cost_cents_per_part) as cost_cents_per_part,
        case
            when min(country) = '*' and max(country) = '*' then min(source)
            else 'dearest'
        end as source

    from in_shop_currency
    group by channel

)

select * from final
