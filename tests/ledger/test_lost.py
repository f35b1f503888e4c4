"""A ledger that is gone or empty is begun anew only by who says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect, replay_events
from winback.inbound._log import log_part_path
from winback.landing import load
from winback.ledger import (
    Ledger,
    LedgerUnavailable,
    export_ledger,
    has_ledger,
    open_ledger,
    suppress,
    suppressions_in_force,
)
from winback.providers import Record

AT = datetime(2026, 3, 10, tzinfo=UTC)
CLOCK = FixedClock(AT)


def exported(ledger: Ledger, settings: Settings) -> None:
    with ledger.write() as connection:
        suppress(
            connection, group="email", address="ann@example.com", reason="stop", source="import",
            occurred_at=AT, recorded_at=AT,
        )  # fmt: skip
    export_ledger(ledger, settings.ledger_landing_dir)


def collected(ledger: Ledger, settings: Settings) -> None:
    path = log_part_path(settings.events_dir, "w", 1)
    path.parent.mkdir(parents=True)
    body = b"MessageSid=SM1&From=%2B14155550100&Body=STOP"
    path.write_text(Record("twilio", "inbound", AT, "", {}, body).to_line())
    collect(ledger, settings, CLOCK)


def published(_: Ledger, settings: Settings) -> None:
    folder = settings.published_dir / "current"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"row_counts": {"messages": 3}}))


def gone(file: Path) -> None:
    for path in file.parent.glob("ledger.db*"):
        path.unlink()


def emptied(file: Path) -> None:
    gone(file)
    file.touch()


TRACES = [exported, collected, published]


@pytest.mark.parametrize("lose", [gone, emptied])
@pytest.mark.parametrize("leave", TRACES)
def test_one_that_was_there_is_not_begun_anew(
    tmp_path: Path, leave: Callable[..., None], lose: Callable[[Path], None]
) -> None:
    settings = Settings.load(home=tmp_path)
    with open_ledger(settings) as ledger:
        leave(ledger, settings)
    lose(tmp_path / "ledger.db")
    before = {path.name for path in tmp_path.iterdir()}
    for _ in range(2):
        with pytest.raises(LedgerUnavailable) as refused:
            open_ledger(settings)
        line = str(refused.value)
        assert line.startswith(f"the ledger is gone or empty, and {tmp_path.resolve()}/")
        assert "Next: put your newest backup in its place" in line
        assert "\n" not in line
    assert {path.name for path in tmp_path.iterdir()} == before
    assert has_ledger(settings)
    with open_ledger(settings.model_copy(update={"adopt_ledger": "new"})):
        pass
    with open_ledger(settings):
        pass


@pytest.mark.only_postgresql
@pytest.mark.parametrize("leave", TRACES)
def test_nor_is_another_schema(
    settings: Settings, make_schema: Callable[[], str], leave: Callable[..., None]
) -> None:
    with open_ledger(settings) as ledger:
        leave(ledger, settings)
    elsewhere = settings.model_copy(update={"ledger_url": make_schema()})
    with pytest.raises(LedgerUnavailable, match="is gone or empty"):
        open_ledger(elsewhere)
    with open_ledger(settings):
        pass


@pytest.mark.only_sqlite
def test_a_home_whose_ledger_holds_nothing_yet_starts_as_ever(settings: Settings) -> None:
    assert not has_ledger(settings)
    with open_ledger(settings) as ledger:
        export_ledger(ledger, settings.ledger_landing_dir)
    gone(settings.home / "ledger.db")
    assert not has_ledger(settings)
    folder = settings.published_dir / "current"
    folder.mkdir(parents=True)
    for text in ('{"row_counts": {"messages": 0, "customers": 9}}', "[]", "{", ""):
        (folder / "manifest.json").write_text(text)
        with open_ledger(settings):
            pass
        gone(settings.home / "ledger.db")


@pytest.mark.both_databases
def test_a_replay_reads_into_an_empty_one_of_its_own(settings: Settings, ledger: Ledger) -> None:
    collected(ledger, settings)
    report = replay_events(ledger, settings, CLOCK)
    assert (report.parts, report.differences) == (1, 0)


def test_what_a_new_one_collects_again_are_the_stops(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path)
    with open_ledger(settings) as ledger:
        collected(ledger, settings)
    gone(tmp_path / "ledger.db")
    with open_ledger(settings.model_copy(update={"adopt_ledger": "new"})) as ledger:
        collect(ledger, settings, CLOCK)
        with ledger.read() as connection:
            (stop,) = suppressions_in_force(connection)
    assert (stop.address, stop.reason) == ("+14155550100", "stop")


def test_no_load_keeps_refusals_that_the_lost_one_would_not_hear_of(tmp_path: Path) -> None:
    settings, shop = Settings.load(home=tmp_path / "home"), tmp_path / "shop"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id,email\nc1,ann@example.com\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2026-01-01,40\n"
    )
    consents = "customer_id,channel,status,occurred_at\nc1,email,{},2026-02-01\n"
    (shop / "consents.csv").write_text(consents.format("granted"))
    load(shop, settings, CLOCK)
    with open_ledger(settings) as ledger:
        exported(ledger, settings)
    gone(settings.home / "ledger.db")
    landed = (settings.shop_dir / "consents.parquet").read_bytes()
    (shop / "consents.csv").write_text(consents.format("revoked"))
    with pytest.raises(LedgerUnavailable, match="is gone or empty"):
        load(shop, settings, CLOCK)
    assert (settings.shop_dir / "consents.parquet").read_bytes() == landed
