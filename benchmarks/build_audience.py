"""How long a whole build takes: `python benchmarks/build_audience.py [CUSTOMERS]`.

Lands a shop of that many customers (default one million, with ten orders and twenty lines
each), then runs `winback build` (gates, models, data tests, publishing) in a process of its
own, in another the SQL that dbt compiled for the same models and tests, by DuckDB alone with the
same settings, and in a third the floor: what nobody who reads these files can do without. The
first ratio tells what everything around the SQL costs, the second how much work the SQL makes of
it. Seconds of a model are dbt's, two models at a time; `cpu` counts where others work on the
machine too.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from processors import peak_mb_of, seconds_of

from winback.base.settings import Settings
from winback.landing import ensure_tables
from winback.warehouse import DbtResult, build, invoke_dbt

AS_OF = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
MEMORY_LIMIT = "3GB"

# Orders thin out over two years and customers differ in rhythm, as in a real shop: few have many
# orders. Up to fifteen million customers have a number of their own, and may have ordered.
QUERIES = {
    "customers": """
        select 'c' || i as customer_id, 'c' || i || '@example.com' as email,
            '+1' || (array[212, 305, 312, 415, 702, 206])[1 + i % 6]
                || lpad(cast(5000000 + i % 5000000 as varchar), 7, '0') as phone,
            'Ann' as first_name, 'US' as country,
            (array['NY', 'FL', 'IL', 'CA', 'NV', 'WA'])[1 + i % 6] as region
        from range({customers}) t(i)
    """,
    "orders": """
        select 'o' || i as order_id, 'c' || customer as customer_id,
            timestamptz '2026-03-31 12:00:00+00' - to_minutes(cast(
                1051200 * pow((hash(i) % 1000003) / 1000003.0, 1.3) as int)) as ordered_at,
            cast((hash(i + 1) % 20000) / 100.0 as decimal(18, 4)) as total_amount,
            cast(case when i % 5 = 0 then 5 else 0 end as decimal(18, 4)) as discount_amount,
            case when i % 40 = 0 then 'cancelled' else 'completed' end as status
        from (
            select i, cast(floor({customers} * pow((hash(i + 2) % 1000000007) / 1000000007.0, 2))
                as bigint) as customer
            from range(10 * {customers}) t(i)
        )
    """,
    "order_items": """
        select 'o' || (i // 2) as order_id, 'p' || (hash(i) % 5000) as product_id,
            1 + i % 3 as quantity, cast((i % 10000) / 100.0 as decimal(18, 4)) as unit_price
        from range(20 * {customers}) t(i)
    """,
    "products": """
        select 'p' || i as product_id, 'Product ' || i as name, 'category ' || (i % 40)
            as category, cast(10 + i % 90 as decimal(18, 4)) as price,
            (array['eco', 'new,eco', 'sale', ''])[1 + i % 4] as tags
        from range(5000) t(i)
    """,
    "consents": """
        select 'c' || (i // 2) as customer_id, (array['email', 'sms'])[1 + i % 2] as channel,
            'granted' as status, 'express_written' as basis, 'checkout' as source,
            timestamptz '2024-01-01 00:00:00+00' as occurred_at
        from range(2 * {customers}) t(i)
    """,
    "web_events": """
        select 'c' || (hash(i) % {customers}) as customer_id,
            (array['view', 'view', 'view', 'add_to_cart', 'visit'])[1 + i % 5] as event,
            'p' || (hash(i + 3) % 5000) as product_id, 'k' || i as cart_id,
            timestamptz '2026-03-31 12:00:00+00'
                - to_minutes(cast(hash(i + 4) % 129600 as int)) as occurred_at
        from range(2 * {customers}) t(i)
    """,
}

# Each order, line and event read once and counted for whom it is.
FLOOR = (
    """
        create table orders as
        select customer_id, count(*) as orders, sum(total_amount) as amount,
            min(ordered_at) as first_at, max(ordered_at) as last_at
        from '{shop}/orders.parquet'
        group by customer_id
    """,
    """
        create table lines as
        select customer_id, product_id, count(*) as lines, sum(quantity) as units,
            max(ordered_at) as last_at
        from '{shop}/orders.parquet' join '{shop}/order_items.parquet' using (order_id)
        group by customer_id, product_id
    """,
    """
        create table events as
        select customer_id, event, count(*) as events, max(occurred_at) as last_at
        from '{shop}/web_events.parquet'
        group by customer_id, event
    """,
)
# What took less in dbt is not listed.
LISTED_FROM_SECONDS = 0.5


def land_shop(settings: Settings, customers: int) -> None:
    """Write the shop's tables with the landed columns and types."""
    ensure_tables(settings)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set enable_progress_bar = false")
        connection.execute("set preserve_insertion_order = false")
        for name, query in QUERIES.items():
            path = settings.shop_dir / f"{name}.parquet"
            connection.execute(f"create table {name} as from '{path}' limit 0")
            connection.execute(f"insert into {name} by name {query.format(customers=customers)}")
            connection.execute(f"copy {name} to '{path}' (format parquet)")
            connection.execute(f"drop table {name}")


def whole_build(home: Path) -> None:
    """What `winback build` does."""
    import quality

    def invoke(
        settings: Settings, arguments: Sequence[str], variables: Mapping[str, Any]
    ) -> DbtResult:
        # What dbt writes of its results tells the other run what to run.
        told = [argument for argument in arguments if argument != "--no-write-json"]
        return invoke_dbt(settings, told, variables)

    build(Settings.load(home=home), AS_OF, gate=quality.gate(sends=False), invoke=invoke)


def compiled_sql(home: Path) -> None:
    """The compiled SQL of the same models and data tests, node by node, by DuckDB alone.

    Seeds and the one model in Python are taken over as they were built.
    """
    settings = Settings.load(home=home)
    with _own_warehouse(home / "alone") as connection:
        connection.execute(f"attach '{settings.warehouse_path}' as built (read_only)")
        for node in _nodes_in_order(home):
            connection.execute(_statement(node))


def floor(home: Path) -> None:
    """What a build has to read and count, by DuckDB alone."""
    with _own_warehouse(home / "floor") as connection:
        for query in FLOOR:
            connection.execute(query.format(shop=Settings.load(home=home).shop_dir))


def _own_warehouse(folder: Path) -> duckdb.DuckDBPyConnection:
    """A new warehouse of the same name, with the settings of dbt's profile."""
    folder.mkdir()
    connection = duckdb.connect(str(folder / "winback.duckdb"))
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(f"set temp_directory = '{folder / 'spill'}'")
    connection.execute("set preserve_insertion_order = false")
    return connection


def model_seconds(home: Path) -> dict[str, float]:
    """The slowest models of the build, and what each took in dbt."""
    results = json.loads((home / "dbt" / "target" / "run_results.json").read_text())["results"]
    models = [it for it in results if it["unique_id"].startswith("model.")]
    models.sort(key=lambda it: it["execution_time"], reverse=True)
    return {
        it["unique_id"].rpartition(".")[2]: round(it["execution_time"], 1)
        for it in models
        if it["execution_time"] >= LISTED_FROM_SECONDS
    }


def _nodes_in_order(home: Path) -> Iterator[dict[str, Any]]:
    target = home / "dbt" / "target"
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    for result in json.loads((target / "run_results.json").read_text())["results"]:
        # A build names exposures too, which have no SQL.
        if result["unique_id"] not in nodes:
            continue
        yield nodes[result["unique_id"]] | {"compiled_code": result["compiled_code"]}


def _statement(node: dict[str, Any]) -> str:
    name = f'"winback"."main"."{node["name"]}"'
    if node["resource_type"] == "test":
        return f"select count(*) from ({node['compiled_code']}\n)"
    if node["resource_type"] == "seed" or node.get("language") == "python":
        return f"create table {name} as from built.main.{node['name']}"
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    # On a line of its own: SQL may end in a comment.
    return f"create {kind} {name} as ({node['compiled_code']}\n)"


def measure(work: Callable[[Path], None], home: Path) -> dict[str, float]:
    """Seconds and peak memory of `work` in a fresh process; raises where it died."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(work, home, sender))
    process.start()
    sender.close()
    figures: dict[str, float] = receiver.recv()
    process.join()
    return figures


def _measured(work: Callable[[Path], None], home: Path, sender: Any) -> None:
    started = time.perf_counter()
    work(home)
    seconds = time.perf_counter() - started
    # With Java, which Spark keeps beside this process until it ends.
    cpu, peak = seconds_of(os.getpid()), peak_mb_of(os.getpid())
    figures = {"seconds": seconds, "cpu": cpu, "peak_rss_mb": peak}
    sender.send({name: round(value, 1) for name, value in figures.items()})


def main() -> None:
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        land_shop(Settings.load(home=home), customers)
        ours = measure(whole_build, home)
        alone = measure(compiled_sql, home)
        least = measure(floor, home)
        models = model_seconds(home)
    figures = {
        "customers": customers,
        "orders": 10 * customers,
        "lines": 20 * customers,
        "winback_build": ours,
        "compiled_sql_by_duckdb": alone,
        "floor": least,
        "times_slower": round(ours["seconds"] / alone["seconds"], 2),
        "times_the_floor": round(ours["seconds"] / least["seconds"], 1),
        "seconds_a_model": models,
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
