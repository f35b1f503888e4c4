with

orders as (

    select * from {{ ref('int_orders__valid') }}

),

models as (

    select * from {{ ref('int_predictions__models') }}
    where r is not null

),

due as (

    select * from {{ ref('int_predictions__due') }}

),

-- What is fitted anew, what is scored today, and what was foretold of days that are known now.
cutoffs as (

    select
        'fitted ' || role as purpose,
        cutoff_date

    from due
    union all
    select
        'scored' as purpose,
        {{ as_of_date() }} as cutoff_date

    from models
    where role = 'current'
    union all
    select
        'checked' as purpose,
        trained_until as cutoff_date

    from models
    where role = 'check'

),

-- Orders of one day are one.
order_days as (

    select
        customer_id,
        ordered_date,
        cast(sum(net_revenue_cents) as double) as revenue_cents,
        min(ordered_date) over (partition by customer_id) as first_date

    from orders
    where exists (select 1 from cutoffs)
    group by customer_id, ordered_date

),

counted as (

    select
        cutoffs.purpose,
        cutoffs.cutoff_date,
        order_days.customer_id,
        order_days.first_date,
        max(order_days.ordered_date) as last_date,
        count(*) - 1 as repeats,
        sum(
            case
                when order_days.ordered_date > order_days.first_date
                    then order_days.revenue_cents
            end
        ) as repeats_cents

    from order_days
    inner join cutoffs
        on order_days.ordered_date <= cutoffs.cutoff_date
    group by
        cutoffs.purpose,
        cutoffs.cutoff_date,
        order_days.customer_id,
        order_days.first_date

),

final as (

    select
        -- ids
        customer_id,

        -- facts
        purpose,

        -- numerics
        cast(repeats as bigint) as repeats,
        cast(
            {{ dbt.datediff('first_date', 'last_date', 'day') }} as double  -- noqa: LT05
        ) / 7 as last_week,
        cast(
            {{ dbt.datediff('first_date', 'cutoff_date', 'day') }} as double  -- noqa: LT05
        ) / 7 as weeks,
        cast(
            {{ dbt.datediff('last_date', 'cutoff_date', 'day') }} as bigint  -- noqa: LT05
        ) as silent_days,

        -- money, null of one order; a mean of nothing says nothing of spend
        case when repeats_cents > 0 then repeats_cents / repeats end
            as mean_cents,

        -- dates
        first_date,
        cutoff_date

    from counted

)

select * from final
