"""Compute a gate's figures in SQL: one small row a rule, at any size of data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

    from winback.base.settings import Settings

_HERE = Path(__file__).parent
# The sources of a load that bear orders, and the reasons that mean: nobody's line.
_BEARS_ORDERS = frozenset({"orders", "online_retail", "cdnow"})
_NOBODYS = frozenset({"no customer", "customer_id is missing"})


@dataclass(frozen=True)
class Figure:
    """A rule's figure, the most that is allowed, and the first ids (never contact data)."""

    rule: str
    figure: float
    allowed: float
    examples: str


def figures(gate: str, settings: Settings, as_of: datetime, *, sends: bool) -> list[Figure]:
    """The figures of `sources` (from landing) or of `decisions` and `outcomes` (warehouse)."""
    from winback.base.duck import connect  # the process beside only judges

    sql = (_HERE / f"{gate}.sql").read_text()
    with connect() as connection:
        if gate == "sources":
            _attach_landing(connection, settings)
            parameters = {**_source_parameters(settings, as_of), "sends": sends}
        else:
            connection.execute(f"attach '{settings.warehouse_path}' as warehouse (read_only)")
            parameters = {"as_of": as_of.isoformat()}
        used = {name: value for name, value in parameters.items() if f"${name}" in sql}
        rows = connection.execute(sql, used).fetchall()
    return [
        Figure(rule, figure or 0.0, allowed, examples or "")
        for rule, figure, allowed, examples in rows
    ]


def _attach_landing(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    for table in ("customers", "orders", "consents", "products", "set_aside"):
        path = settings.shop_dir / f"{table}.parquet"
        connection.execute(f"create view {table} as from read_parquet('{path}')")


def _source_parameters(settings: Settings, as_of: datetime) -> dict[str, Any]:
    from winback.warehouse import read_manifest

    manifest = read_manifest(settings.published_dir / "current")
    return {
        "as_of": as_of.isoformat(),
        "shop_timezone": settings.shop_timezone,
        "previous": json.dumps(manifest.landed_rows if manifest else {}),
        "rejections": json.dumps(_last_load(settings)),
    }


def _last_load(settings: Settings) -> dict[str, int]:
    """What the newest load that brought orders read and set aside, in rows."""
    from winback.landing.schema import table_of

    for path in sorted((settings.landing_dir / "loads").glob("*.json"), reverse=True):
        sources = json.loads(path.read_text())["sources"]
        bearing = [it for it in sources if table_of(it["name"]) in _BEARS_ORDERS]
        if bearing:
            return {
                "read": sum(source["read"] for source in bearing),
                "rejected": sum(source["rejected"] for source in bearing),
                "without_customer": sum(
                    count
                    for source in bearing
                    for reason, count in source["rejected_by_reason"].items()
                    if reason in _NOBODYS
                ),
            }
    return {"read": 0, "rejected": 0, "without_customer": 0}
