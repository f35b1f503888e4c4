"""Models that go a quick way for large shops make the rows that the plain way makes.

The plain way is spelled out here: windows over all rows, ids as they are, every instant
converted on its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import duckdb
import pytest
from audience_builds import query
from branching_shop import AS_OF, SHOP_TIMEZONE, land_branching_shop
from seeded import give_seeds

from winback.base.settings import Settings
from winback.warehouse import dbt_vars, invoke_dbt

pytestmark = pytest.mark.long

MODELS: Final = (
    "int_customers__timing",
    "int_customers__products",
    "int_customers__tag_affinity",
    "int_customers__seasons",
    "int_customers__spending",
    "int_windows__zone_sets",
)
# Lines of valid orders of products in the catalog, with what is known of both.
LINES: Final = """
    with lines as (
        select orders.*, items.product_id, items.quantity, products.product_name,
            products.category,
            coalesce(items.quantity * items.unit_price_cents, 0) as line_cents
        from int_orders__valid as orders
        inner join stg_shop__order_items as items on orders.order_id = items.order_id
        inner join stg_shop__products as products on items.product_id = products.product_id
    )
"""
# By name: what a model made, and what the plain way makes.
WAYS: Final = {
    "clocks": (
        "select customer_id, kind, local_hour, local_weekday from int_timing__moments",
        f"""
            with own as (
                select customer_id, coalesce(
                    min(zone) filter (where source like 'timezone%'), min(zone)) as zone
                from int_customers__zones group by customer_id
            ), moments as (
                select customer_id, 'order' as kind, ordered_at as happened_at
                from int_orders__valid
                union all
                select customer_id, 'click', occurred_at from int_customers__engagement_events
                where channel <> 'web'
            ), clocks as (
                select customer_id, kind, timezone('{SHOP_TIMEZONE}', happened_at) as shop_clock,
                    timezone(coalesce(zone, '{SHOP_TIMEZONE}'), happened_at) as own_clock
                from moments left join own using (customer_id)
            )
            select customer_id, kind,
                case when shop_clock <> date_trunc('day', shop_clock)
                    then extract(hour from own_clock) end,
                extract(isodow from case when shop_clock = date_trunc('day', shop_clock)
                    then shop_clock else own_clock end)
            from clocks
        """,
    ),
    "last products": (
        (
            "select customer_id, last_product_id from int_customers__products "
            "where last_product_id is not null"
        ),
        LINES
        + """
            select customer_id, product_id from lines
            where is_latest and product_name is not null
            qualify row_number() over (
                partition by customer_id order by line_cents desc, product_id) = 1
        """,
    ),
    "top products": (
        (
            "select customer_id, top_product_id, top_product_line_count, "
            "top_product_last_ordered_at from int_customers__products "
            "where top_product_id is not null"
        ),
        LINES
        + """
            select customer_id, product_id, count(*) as lines, max(ordered_at) as last_at
            from lines where product_name is not null
            group by customer_id, product_id
            qualify row_number() over (partition by customer_id
                order by count(*) desc, sum(quantity) desc, max(ordered_at) desc, product_id) = 1
        """,
    ),
    "favorite categories": (
        (
            "select customer_id, favorite_category from int_customers__products "
            "where favorite_category is not null"
        ),
        LINES
        + """
            select customer_id, category from lines where category is not null
            group by customer_id, category
            qualify row_number() over (partition by customer_id order by
                count(distinct order_number) desc, max(order_number) desc, category) = 1
        """,
    ),
    "tags": (
        "select customer_id, tag, order_count, tag_rank from int_customers__tag_affinity",
        LINES
        + """
            select customer_id, tag, count(distinct order_number), row_number() over (
                partition by customer_id
                order by count(distinct order_number) desc, max(order_number) desc, tag)
            from lines inner join int_products__tags using (product_id)
            where recency_number <= 5
            group by customer_id, tag
        """,
    ),
    "first categories": (
        "select customer_id, first_category from int_lapse__first_categories",
        LINES
        + """
            , first_orders as (
                select order_id from int_orders__valid where net_revenue_cents > 0
                qualify row_number() over (partition by customer_id order by order_number) = 1
            )
            select customer_id, category from lines semi join first_orders using (order_id)
            where category is not null
            group by customer_id, category
            qualify row_number() over (
                partition by customer_id order by sum(line_cents) desc, category) = 1
        """,
    ),
    "seasons": (
        "select * from int_seasons__found",
        """
            select customer_id, 1 + (first_position + 364) % 365,
                1 + last_position - first_position, cast(days as double) / all_days
            from (
                select *, min(season_year) over nearby as first_year,
                    max(season_year) over nearby as last_year,
                    first_value(position) over nearby as first_position,
                    last_value(position) over nearby as last_position,
                    count(*) over nearby as days,
                    count(*) filter (where is_itself) over (partition by customer_id) as all_days
                from int_seasons__order_days
                window nearby as (partition by customer_id order by position
                    range between 21 preceding and 21 following)
            )
            where is_itself and first_year < last_year
            qualify row_number() over (
                partition by customer_id order by days desc, ordered_date desc) = 1
        """,
    ),
    "last refunds": (
        "select customer_id, last_order_refund_share from int_customers__spending",
        """
            select customer_id, cast(
                case when status = 'refunded' and refunded_cents = 0 then total_cents
                    else least(refunded_cents, total_cents) end as double
            ) / nullif(total_cents, 0)
            from stg_shop__orders
            where ordered_at <= timestamptz '{as_of}' and status not in ('cancelled', 'pending')
            qualify row_number() over (
                partition by customer_id order by ordered_at desc, order_id desc) = 1
        """,
    ),
    "zones": (
        "select customer_id, zone from int_customers__zones",
        """
            with located as (
                select signs.*, min(is_wide_country) over (
                    partition by customer_id, zone_countries.country) as has_no_home_there
                from int_places__zone_signs as signs left join zone_countries using (zone)
            ), kept as (
                select *, min(not is_wide_country or has_no_home_there) over (
                    partition by customer_id) as counts_wide_country
                from located
            )
            select distinct customer_id, zone from kept
            where not is_wide_country or counts_wide_country
        """,
    ),
    "lists": (
        (
            "select distinct customer_id, zones from int_windows__zone_sets "
            "semi join int_customers__zones using (customer_id)"
        ),
        """
            select customer_id, string_agg(distinct zone, ',' order by zone)
            from int_customers__zones semi join int_customers__contact_points using (customer_id)
            group by customer_id
        """,
    ),
}


@pytest.fixture(scope="module")
def branching(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small shop of all branches, with the models that this file compares."""
    settings = Settings.load(home=tmp_path_factory.mktemp("alike"), shop_timezone=SHOP_TIMEZONE)
    land_branching_shop(settings, customers=500)
    give_seeds(settings)
    models = ("run", "--select", *(f"+{name}" for name in MODELS), "int_lapse__first_categories")
    invoke_dbt(settings, models, dbt_vars(settings, AS_OF))
    return settings


@pytest.mark.parametrize("name", WAYS)
def test_the_quick_way_makes_the_rows_of_the_plain_way(branching: Settings, name: str) -> None:
    quick, plain = (way.replace("{as_of}", AS_OF.isoformat()) for way in WAYS[name])
    assert query(branching, f"select count(*) > 20 from ({quick})") == [(True,)]
    for left, right in ((quick, plain), (plain, quick)):
        assert query(branching, f"(from ({left})) except all (from ({right})) limit 3") == []


# Nearly all lines have the number that nearly all first orders have.
ONE_ORDER_EACH: Final = """
    create table int_customers__keys as
        select 'c' || i as customer_id, i as customer_key from range(500) as it(i);
    create table int_orders__valid as
        select customer_id, number as order_number, 100 as net_revenue_cents
        from int_customers__keys, range(1, 4) as it(number)
        where number <= 1 + hash(customer_id) % 3;
    create table int_products__keys as
        select i % 8 as category_key, 'category ' || i % 8 as category from range(40) as it(i);
    create table int_customers__order_lines as
        select customer_key, order_number, place % 8 as category_key, 50 as line_cents
        from int_orders__valid
        inner join int_customers__keys using (customer_id), range(2) as it(place);
"""


def test_first_orders_do_not_meet_every_line_of_the_same_number(branching: Settings) -> None:
    """A plan that joined by the number alone took four seconds for 5,000 customers."""
    ((view,),) = query(
        branching, "select sql from duckdb_views() where view_name = 'int_lapse__first_categories'"
    )
    with duckdb.connect() as connection:
        connection.execute(ONE_ORDER_EACH)
        connection.execute(view.replace("winback.main.", ""))
        (lines,) = connection.execute("select count(*) from int_customers__order_lines").fetchone()
        connection.execute("pragma enable_profiling = 'no_output'")
        found = connection.execute("select count(*) from int_lapse__first_categories").fetchone()
        told = json.loads(connection.get_profiling_information())
    assert found == (500,)
    assert max(rows_of_operators(told)) < 2 * lines


def rows_of_operators(node: dict[str, Any]) -> Iterator[int]:
    yield int(node.get("operator_cardinality") or 0)
    for child in node.get("children", ()):
        yield from rows_of_operators(child)
