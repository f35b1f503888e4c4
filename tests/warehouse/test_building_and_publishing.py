"""A build publishes a whole set or nothing, and the same input gives the same members."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from winback.base.clock import FixedClock
from winback.base.errors import BuildFailure, GateFailure, WinbackError
from winback.base.settings import Settings
from winback.landing import load, newest_load
from winback.warehouse import (
    PUBLIC_TABLES,
    BuildReport,
    DbtResult,
    _tested,
    build,
    invoke_dbt,
    read_manifest,
    segment_names,
)
from winback.warehouse._data_tests import DataTest, read_tests

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
EMAIL, PHONE = "p{}@shop.example", "+1212555{:04}"


def customer_id(number: int) -> str:
    """One customer is called by an address, as some shops call all."""
    return f"c{number}" if number else EMAIL.format(number)


def no_gate(_name: str, _settings: Settings, _as_of: datetime) -> Sequence[str]:
    return ()


def segments_alone(
    settings: Settings, arguments: Sequence[str], variables: Mapping[str, Any]
) -> DbtResult:
    """Of a build, what decides on the members of segments; the rest stays as it was."""
    select = ("--select", "+segment_members") if arguments[0] == "build" else ()
    return invoke_dbt(settings, (*arguments, *select), variables)


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, BuildReport]:
    """A shop of a hundred, built where a damaged file stood."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "files"
    folder.mkdir()
    with (folder / "customers.csv").open("w", newline="") as file:
        people = ([customer_id(i), EMAIL.format(i), PHONE.format(i), "US"] for i in range(100))
        header = ["customer_id", "email", "phone", "country"]
        csv.writer(file).writerows([header, *people])
    with (folder / "orders.csv").open("w", newline="") as file:
        rows = [
            (f"o{i}", customer_id(i), (AS_OF - timedelta(days=i)).isoformat(), 10)
            for i in range(100)
        ]
        names = ("order_id", "customer_id", "ordered_at", "total_amount")
        csv.writer(file).writerows([names, *rows])
    settings = Settings.load(home=home)
    load(folder, settings, FixedClock(AS_OF))
    settings.warehouse_path.parent.mkdir(exist_ok=True)
    settings.warehouse_path.write_bytes(os.urandom(50_000))
    return settings, build(settings, AS_OF, gate=no_gate)


@pytest.fixture(scope="module")
def settings(first_build: tuple[Settings, BuildReport]) -> Settings:
    return first_build[0]


def test_a_build_over_garbage_publishes_as_ever(first_build: tuple[Settings, BuildReport]) -> None:
    _, report = first_build
    assert report.warnings == (
        "the warehouse's file was damaged: it is made anew, and nothing is lost",
    )
    assert report.manifest.row_counts["customers"] == 100


def test_every_public_table_is_published_and_current_points_to_it(settings: Settings) -> None:
    current = settings.published_dir / "current"
    assert current.is_symlink()
    assert not current.readlink().is_absolute()
    assert {path.stem for path in current.glob("*.parquet")} >= set(PUBLIC_TABLES)
    assert (current / "outbox.parquet").stat().st_mode & 0o077 == 0


def test_the_same_input_and_as_of_give_the_same_members_by_hash(settings: Settings) -> None:
    first = read_manifest(settings.published_dir / "current")
    second = build(settings, AS_OF, gate=no_gate, invoke=segments_alone).manifest
    assert first is not None
    assert first.segment_hashes == second.segment_hashes
    assert set(first.segment_hashes) == set(segment_names())
    assert first.run_id != second.run_id
    assert first.load_id == second.load_id == newest_load(settings) != ""
    tomorrow = AS_OF + timedelta(days=1)
    later = build(settings, tomorrow, gate=no_gate, invoke=segments_alone).manifest
    assert later.segment_hashes != first.segment_hashes


def test_a_gate_that_stops_leaves_what_was_published(settings: Settings) -> None:
    before = (settings.published_dir / "current").readlink()

    def stops(name: str, _settings: Settings, _as_of: datetime) -> Sequence[str]:
        if name == "decisions":
            raise GateFailure("no")
        return ()

    with pytest.raises(GateFailure):
        build(settings, AS_OF, gate=stops, invoke=lambda *_: DbtResult())
    assert (settings.published_dir / "current").readlink() == before


def test_a_model_that_fails_is_named_and_leaves_what_was_published(settings: Settings) -> None:
    before = (settings.published_dir / "current").readlink()

    def fails(s: Settings, arguments: Sequence[str], variables: object) -> object:
        raise BuildFailure("dbt failed:\n  customers: boom")

    with pytest.raises(BuildFailure, match="customers: boom"):
        build(settings, AS_OF, gate=no_gate, invoke=fails)  # type: ignore[arg-type]
    assert (settings.published_dir / "current").readlink() == before


def test_a_data_test_that_fails_is_named_and_leaves_what_was_published(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (settings.published_dir / "current").readlink()
    name, judged = "no_customer_is_c7", ("model.winback.customers",)
    query = "select count(*), count(*) > 0, count(*) > 0 from customers where customer_id = 'c7'"
    test = DataTest(name, "tests/it.sql", judged, query, "error", "!= 0", "!= 0")
    monkeypatch.setattr(_tested, "read_tests", lambda *given: [*read_tests(*given), test])
    built = DbtResult(built=frozenset(judged))
    with pytest.raises(BuildFailure) as failed:
        build(settings, AS_OF, gate=no_gate, invoke=lambda *_: built)
    assert str(failed.value) == (
        "dbt failed:\n  no_customer_is_c7: Got 1 result, configured to fail if != 0"
    )
    assert (settings.published_dir / "current").readlink() == before


def test_a_build_lets_go_of_the_warehouse(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as warehouse:
        assert warehouse.execute("select count(*) from customers").fetchone() == (100,)


def test_a_plain_build_enrolls_nobody(settings: Settings) -> None:
    manifest = read_manifest(settings.published_dir / "current")
    assert manifest is not None
    assert manifest.row_counts["entrants"] == 0
    assert not (settings.home / "ledger.db").exists()


def test_building_before_loading_says_what_comes_first(tmp_path: Path) -> None:
    with pytest.raises(WinbackError, match="winback load DIR"):
        build(Settings.load(home=tmp_path), AS_OF, gate=no_gate)


def ask(settings: Settings, *calls: tuple[str, dict[str, str]]) -> list[Any]:
    """What an assistant hears of `winback mcp`, by the protocol's own client over stdio."""
    mcp = pytest.importorskip("mcp", reason="the optional package mcp is not installed")
    import anyio

    server = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "winback.cli", "mcp"],
        env={"WINBACK_HOME": str(settings.home), "PATH": os.environ["PATH"]},
    )

    async def talk() -> list[Any]:
        async with mcp.Client(server) as client:
            listed = (await client.list_tools()).tools
            assert all(tool.annotations.read_only_hint for tool in listed)
            assert {tool.name for tool in listed} >= {name for name, _ in calls}
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(talk)


def test_an_assistant_is_told_why_and_what_it_caused_and_never_an_address(
    settings: Settings,
) -> None:
    before = {p: p.stat().st_mtime_ns for p in settings.home.rglob("*") if p.is_file()}
    calls = [
        ("funnel", {}), ("results", {}), ("backtest", {}), ("search_docs", {"words": "holdout"}),
        ("read_docs", {"page": "holdout"}), *(("why", {"customer_id": customer_id(i)})
        for i in (0, 1, 40)), ("why", {"customer_id": "p1@shop.example"}),
        ("why", {"customer_id": "nobody"}), ("backtest", {"name": "../ledger"}),
        ("read_docs", {"page": "../README"}),
    ]  # fmt: skip
    told = ask(settings, *calls)
    whole = "".join(answer.model_dump_json() for answer in told)
    for number in range(100):
        assert EMAIL.format(number) not in whole
        assert PHONE.format(number)[1:] not in whole
    assert [answer.is_error for answer in told] == [False] * 8 + [True] * 4
    funnel, results, backtest, found, page, first, _, later = (
        answer.structured_content for answer in told[:8]
    )
    assert {row["segment"] for row in funnel["segments"]}
    manifest = read_manifest(settings.published_dir / "current")
    assert manifest is not None
    assert results["as_of"] == manifest.as_of
    assert backtest["backtests"] == []
    assert any(it["page"] == "holdout" for it in found["passages"])
    assert "holdout" in page["result"]
    assert "[address], as of" in first["story"]
    # A later test has built the segments of the day after.
    assert later["facts"]["lapse"]["days_inactive"] in {40, 41}
    assert "is not in the published set" in told[9].content[0].text
    after = {p: p.stat().st_mtime_ns for p in settings.home.rglob("*") if p.is_file()}
    assert before == after, "it only reads"
