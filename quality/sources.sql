-- The landed tables, before the build. One row a rule: rule, figure, allowed, examples.
-- Parameters: $as_of, $shop_timezone, $previous (JSON: rows landed at the last run),
-- $rejections (JSON: {"read": n, "rejected": n, "without_customer": n}), $sends.
with

known_orders as (

    select * from orders where ordered_at <= cast($as_of as timestamptz)

),

order_days as (

    select distinct cast(timezone($shop_timezone, ordered_at) as date) as ordered_date
    from known_orders

),

order_day_gaps as (

    select
        ordered_date,
        ordered_date - lag(ordered_date) over (order by ordered_date) as gap_days
    from order_days

),

-- A shop's own rhythm says what is stale: three times the longest pause of its last year.
-- Before a send at least a week is allowed; a build that sends nothing may look back a season.
-- Under 20 order days there is no rhythm to judge by: 60 days before a send, else 400.
rhythm as (

    select
        max(ordered_date) as newest_date,
        case
            when count(*) >= 20
                then greatest(case when $sends then 7 else 120 end, 3 * coalesce(
                    max(gap_days) filter (
                        ordered_date > (select max(ordered_date) - 365 from order_days)
                    ), 0
                ))
            when $sends then 60
            else 400
        end as allowed_days
    from order_day_gaps

),

repeated_orders as (

    select order_id as id from orders group by order_id having count(*) > 1

),

repeated_customers as (

    select customer_id as id from customers group by customer_id having count(*) > 1

),

impossible_amounts as (

    select order_id as id
    from orders
    where
        refunded_amount < 0
        or discount_amount < 0
        or total_amount > 10000000

),

over_refunded as (

    select order_id as id from orders where refunded_amount > total_amount

),

orders_without_customer_row as (

    select orders.order_id as id
    from orders
    anti join customers on orders.customer_id = customers.customer_id

),

unreachable_customers as (

    select customer_id as id
    from customers
    where coalesce(email, '') = '' and coalesce(phone, '') = ''

),

held_customers as (

    select distinct customer_id as id from set_aside

),

unclear_consents as (

    select customer_id as id from consents
    where status not in ('granted', 'revoked')

),

volumes as (

    select
        landed.table_name,
        landed.landed_rows,
        cast(json_extract($previous, '$.' || landed.table_name) as bigint) as previous_rows
    from (
        select 'orders' as table_name, count(*) as landed_rows from orders
        union all
        select 'customers', count(*) from customers
        union all
        select 'consents', count(*) from consents
    ) as landed

),

rejections as (

    select
        cast(json_extract($rejections, '$.read') as double) as rows_read,
        cast(json_extract($rejections, '$.rejected') as double) as rows_rejected,
        cast(json_extract($rejections, '$.without_customer') as double) as without_customer

),

totals as (

    select
        (select count(*) from orders) as order_count,
        (select count(*) from customers) as customer_count

)

select
    'orders_with_a_repeated_id' as rule,
    cast(count(*) as double) as figure,
    0.0 as allowed,
    (select string_agg(id, ', ') from (from repeated_orders order by id limit 5)) as examples
from repeated_orders

union all

select
    'customers_with_a_repeated_id',
    count(*),
    0,
    (select string_agg(id, ', ') from (from repeated_customers order by id limit 5))
from repeated_customers

union all

-- Without any order up to as-of the data starts later: nothing to send on, but no harm to build.
select
    'days_since_the_newest_order',
    coalesce(
        cast(timezone($shop_timezone, cast($as_of as timestamptz)) as date) - newest_date,
        case when $sends then 99999 else 0 end
    ),
    allowed_days,
    'newest order: ' || coalesce(cast(newest_date as varchar), 'none')
from rhythm

union all

select
    table_name || '_lost_percent',
    coalesce(100.0 * greatest(previous_rows - landed_rows, 0) / nullif(previous_rows, 0), 0),
    10,
    previous_rows || ' before, ' || landed_rows || ' now'
from volumes

union all

select
    'impossible_amounts_percent',
    coalesce(100.0 * count(*) / nullif((select order_count from totals), 0), 0),
    0.5,
    (select string_agg(id, ', ') from (from impossible_amounts order by id limit 5))
from impossible_amounts

union all

-- Counted from the first: each holds a customer, and half of a file is a broken export.
select
    'orders_rejected_percent',
    100.0 * (rows_rejected - without_customer)
    / nullif(rows_read - without_customer, 0),
    50,
    cast(cast(rows_rejected as bigint) as varchar) || ' rows'
from rejections

union all

select
    'customers_held_by_unread_rows',
    count(*),
    0,
    (select string_agg(id, ', ') from (from held_customers order by id limit 5))
from held_customers

union all

select
    'consents_that_are_unclear',
    count(*),
    0,
    (
        select string_agg(id, ', ')
        from (select distinct id from unclear_consents order by id limit 5)
    )
from unclear_consents

union all

select
    'orders_refunded_above_their_total',
    count(*),
    0,
    (select string_agg(id, ', ') from (from over_refunded order by id limit 5))
from over_refunded

union all

select
    'customers_without_a_consent_percent',
    coalesce(100.0 * count(*) / nullif((select customer_count from totals), 0), 0),
    50,
    null
from customers
anti join consents on customers.customer_id = consents.customer_id

union all

select
    'products_missing',
    case when count(*) = 0 then 1 else 0 end,
    0,
    'messages fall back to general words'
from products

union all

select
    'orders_without_a_customer_row_percent',
    coalesce(100.0 * count(*) / nullif((select order_count from totals), 0), 0),
    0,
    (select string_agg(id, ', ') from (from orders_without_customer_row order by id limit 5))
from orders_without_customer_row

union all

select
    'lines_without_a_customer_percent',
    coalesce(100.0 * without_customer / nullif(rows_read, 0), 0),
    0,
    cast(cast(without_customer as bigint) as varchar) || ' lines'
from rejections

union all

select
    'customers_without_a_contact_point_percent',
    coalesce(100.0 * count(*) / nullif((select customer_count from totals), 0), 0),
    50,
    (select string_agg(id, ', ') from (from unreachable_customers order by id limit 5))
from unreachable_customers

union all

select
    'currencies_beside_the_first',
    greatest(count(distinct currency) - 1, 0),
    0,
    string_agg(distinct currency, ', ')
from orders
