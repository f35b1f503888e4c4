"""Until the next moment that `next_changes` tells, time alone changes no decision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from shop_of_moments import NOW, land_moments

from winback.base.settings import Settings
from winback.warehouse import Replay, replaying
from winback.warehouse._publish import ENGINE_TABLES, PUBLIC_TABLES

MOMENT = timedelta(microseconds=1)
# A model in Python can't be replayed, nor what stands on one; what it reads is.
BY_PYTHON = frozenset({
    "experiment_checks", "experiment_looks", "experiment_results", "experiment_starts",
    "playbook_plans", "playbook_results", "reactivation_rates", "shop_results",
})  # fmt: skip
TABLES = tuple(name for name in (*PUBLIC_TABLES, *ENGINE_TABLES) if name not in BY_PYTHON)
# Figures, which stand as of their build where no playbook takes them: looks and carts of so many
# hours, days since an entry; and the moments themselves.
FIGURES = frozenset({"customers", "segment_members", "next_changes", "reactivation_curves"})
# The moment of the build itself: of a set that stands, nobody enters or ends anew.
AS_OF = frozenset({"decided_at", "entered_at", "offer_expires_at", "ended_at", "exited_at"})
# They are built with the ledger's news, since each of their rows grows old by itself.
BUILT_WITH_NEWS = frozenset({"int_customers__browsing", "int_customers__interests"})
STEPS = 5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(params=[1, 2])
def replay(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Replay]:
    settings = Settings.load(home=tmp_path, shop_timezone="America/New_York")
    land_moments(settings, request.param)
    with replaying(settings, TABLES) as opened:
        opened.stand_on(NOW)
        yield opened


@pytest.fixture
def beside_the_ledger(replay: Replay, dbt_manifest: Path) -> list[str]:
    """The models that a build of the ledger's news leaves as they are."""
    children: dict[str, list[str]] = json.loads(dbt_manifest.read_text())["child_map"]
    pending = [key for key in children if key.startswith("source.winback.ledger.")]
    reached: set[str] = set()
    while pending:
        reached |= (more := set(children[pending.pop()]) - reached)
        pending += more
    names = {key.split(".")[-1] for key in reached}
    known = {row["name"] for row in replay.rows("select table_name as name from duckdb_tables()")}
    return sorted(known - names - BUILT_WITH_NEWS)


def rows_of(replay: Replay, tables: Iterable[str]) -> dict[str, list[str]]:
    return {
        table: sorted(
            repr({name: value for name, value in row.items() if name not in AS_OF})
            for row in replay.rows(f"from winback.{table}")
        )
        for table in tables
    }


def next_change(replay: Replay, where: str = "true") -> datetime:
    query = f"select min(changes_at) as at from winback.next_changes where {where}"
    moment: datetime = replay.rows(query)[0]["at"]
    return moment


def test_nothing_is_decided_anew_before_the_next_moment(
    replay: Replay, beside_the_ledger: list[str]
) -> None:
    decided = [table for table in TABLES if table not in FIGURES]
    assert {"int_windows__next_windows", "int_orders__valid"} <= set(beside_the_ledger)
    assert "dec_steps__due" not in beside_the_ledger
    at, changed = NOW, set[str]()
    for _ in range(STEPS):
        replay.stand_on(at)
        before, beside = rows_of(replay, decided), rows_of(replay, beside_the_ledger)
        until, whole = next_change(replay), next_change(replay, "hangs_on = 'shop'")
        assert at < until <= whole
        replay.stand_on(until - MOMENT)
        assert rows_of(replay, decided) == before, (at, until)
        replay.stand_on(whole - MOMENT)
        assert rows_of(replay, beside_the_ledger) == beside, (at, whole)
        at = until + timedelta(minutes=37)
        replay.stand_on(at)
        changed |= {
            table for table, rows in rows_of(replay, decided).items() if rows != before[table]
        }
    # Or the moments would be of a shop to which nothing happens.
    assert {"send_decisions", "channel_eligibility"} <= changed
