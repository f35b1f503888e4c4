"""What the report shows, from one published set: counts, rates, money and rules, and nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import duckdb

from winback.base.duck import Rows, connect, literal, rows_of
from winback.base.errors import WinbackError
from winback.measure import power, report
from winback.measure.last_screen import Outlook, read_outlook
from winback.measure.prices import tell_prices
from winback.measure.shop_report._queries import QUERIES, TABLES
from winback.warehouse import Manifest, read_manifest

# The window of the first sentences; the tables have all of them.
WINDOW_DAYS: Final = 30


@dataclass(frozen=True)
class Figures:
    """The report's tables. Money is in the shop's currency, rates in percent, days the shop's.

    `shop` has a row a method, metric and window, `effects` a playbook, contrast and window,
    `checks` a playbook and part of its customers, `earned` a playbook and window. `playbooks`,
    `steps`, `credits`, `fatigue`, `channels`, `weeks`, `returns`, `after` and `entered` are of
    those who entered or were written to; `lapse`, `grid`, `cohorts`, `curves`, `history`, `moves`
    and `reasons` of all customers.
    """

    manifest: Manifest
    outlook: Outlook
    funnel: Rows
    shop: Rows
    effects: Rows
    checks: Rows
    earned: Rows
    playbooks: Rows
    steps: Rows
    channels: Rows
    weeks: Rows
    returns: Rows
    after: Rows
    credits: Rows
    fatigue: Rows
    entered: Rows
    lapse: Rows
    grid: Rows
    cohorts: Rows
    curves: Rows
    history: Rows
    moves: Rows
    reasons: Rows
    # The arms of steps that learn, and what their deciding added.
    arms: Rows
    learned: Rows
    quality: Rows
    foretold: Rows
    newest_order: date | None
    plans: list[power.Plan]
    # Sentences on channels that cost otherwise than planned.
    prices: list[str]


def read_effects(published: Path) -> Rows:
    """What every comparison of groups says by reactivation, as in `Figures.effects`."""
    with connect() as connection:
        path = literal(published / "experiment_results.parquet")
        connection.execute(f"create temp view experiment_results as from read_parquet({path})")
        return _rows(connection, QUERIES["effects"])


def read_figures(published: Path, *, timezone: str) -> Figures:
    """Read them from a published set, as of its own moment."""
    manifest = read_manifest(published)
    if manifest is None:
        raise WinbackError("Nothing is published to report on. Next: winback build")
    if missing := [it for it in TABLES if not (published / f"{it}.parquet").exists()]:
        raise WinbackError(
            f"The set {manifest.run_id} has no {' and no '.join(missing)}: an earlier version "
            "published it. Next: winback build"
        )
    with connect() as connection:
        connection.execute(f"set TimeZone = {literal(timezone)}")
        connection.execute(f"set variable as_of = timestamptz '{manifest.as_of}'")
        connection.execute(f"set variable window_days = {WINDOW_DAYS}")
        for table in TABLES:
            path = literal(published / f"{table}.parquet")
            connection.execute(f"create temp view {table} as from read_parquet({path})")
        found = {name: _rows(connection, query) for name, query in QUERIES.items()}
    (newest,) = found.pop("newest")
    return Figures(
        manifest=manifest,
        outlook=read_outlook(published),
        funnel=report.funnel(published),
        newest_order=newest["newest_order"],
        prices=tell_prices(published, as_of=datetime.fromisoformat(manifest.as_of)),
        plans=power.read_plans(published, timezone=timezone),
        **found,
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    return rows_of(connection.execute(query))
