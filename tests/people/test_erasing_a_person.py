"""Who asks to be forgotten is: no file names them any more, what is counted stays, STOP holds."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from erasable_home import (
    EMAIL,
    NOW,
    OTHER,
    PHONE,
    TRACES,
    Home,
    event,
    message,
    record,
    texted,
)
from typer.testing import CliRunner

from winback.base.errors import UsageError, WinbackError
from winback.base.running import at_work
from winback.cli._app import app
from winback.inbound import replay_events
from winback.inbound._log import log_part_path
from winback.ledger import is_suppressed, suppress, tables
from winback.people.erasure import _erase, _others, _parquet, count_returned, erase, erased_at

pytestmark = pytest.mark.long


@pytest.mark.rule("erasure")
def test_afterwards_no_file_names_them_and_stop_holds(home: Home) -> None:
    assert home.traces(*TRACES)
    done = home.erase()
    assert home.traces(*TRACES) == []
    assert done["landing customers"] == done["landing rejected"] == done["ledger links"] == 1
    assert home.traces(OTHER)
    with home.ledger.read() as connection:
        for group, address in (("email", EMAIL), ("phone", "+49 151 12345678")):
            assert is_suppressed(connection, group=group, address=address, reasons=["stop"])
            assert is_suppressed(connection, group=group, address=address, reasons=["erased"])
        assert not is_suppressed(connection, group="email", address=OTHER)


def test_no_page_of_messages_is_left(home: Home) -> None:
    home.settings.preview_dir.mkdir(parents=True)
    (home.settings.preview_dir / "dry-run.html").write_text("Hi Ann")
    home.erase()
    assert not home.settings.preview_dir.exists()


def test_nothing_is_remembered_of_a_warehouse_that_is_gone(home: Home) -> None:
    warehouse = home.settings.warehouse_path
    for name in ("last_build", "published_as", "seeds.sha256"):
        warehouse.with_name(name).touch()
    home.erase()
    assert {path.name for path in warehouse.parent.iterdir()} <= {"build.lock"}


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_a_ledger_in_postgresql_names_them_no_more(home: Home) -> None:
    home.erase()
    told = json.dumps([home.rows(name) for name in tables.metadata.tables], default=str)
    assert [trace for trace in TRACES if trace.casefold() in told.casefold()] == []
    assert OTHER in told
    assert home.traces(*TRACES) == []


def test_what_is_counted_stays_under_one_pseudonym(home: Home) -> None:
    before = {name: len(home.rows(name)) for name in ("messages", "provider_events", "replies")}
    told = [(e["dedupe_key"], e["kind"], e["occurred_at"]) for e in home.rows("provider_events")]
    home.erase()
    assert {name: len(home.rows(name)) for name in before} == before
    assert told == [
        (e["dedupe_key"], e["kind"], e["occurred_at"]) for e in home.rows("provider_events")
    ]
    states = {row["message_id"][0]: row["state"] for row in home.rows("messages")}
    assert states == {
        "a": "accepted", "b": "accepted", "d": "suppressed", "e": "unknown_final", "f": "accepted",
    }  # fmt: skip
    (name,) = {row["customer_id"] for row in home.rows("enrollments")}
    assert name.startswith("erased-")
    landed = {t: pq.read_table(home.settings.shop_dir / f"{t}.parquet").to_pylist()
              for t in ("customers", "orders", "consents")}  # fmt: skip
    (who,) = (row for row in landed["customers"] if row["customer_id"] == name)
    assert (who["country"], {v for k, v in who.items() if k not in {"customer_id", "country"}}) == (
        "DE", {None},
    )  # fmt: skip
    (order,) = (row for row in landed["orders"] if row["customer_id"] == name)
    assert (order["order_id"], float(order["total_amount"])) == ("o1", 40.0)
    (consent,) = landed["consents"]
    assert (consent["customer_id"], consent["status"], consent["proof"]) == (name, "granted", None)
    published = home.settings.published_dir / "current"
    assert [r["customer_id"] for r in pq.read_table(published / "outbox.parquet").to_pylist()] == [
        "c2"
    ]
    kept = pq.read_table(published / "customers.parquet").to_pylist()
    assert {row["customer_id"] for row in kept} == {name, "c2"}
    # A code that was given is still counted, and nobody gets it again.
    (code,) = home.rows("offer_codes")
    assert (code["customer_id"], code["given_at"]) == (name, NOW)
    (used,) = pq.read_table(published / "offer_redemptions.parquet").to_pylist()
    assert used == {"customer_id": "c2", "given_to_customer_id": name}


def test_a_dry_run_counts_and_changes_nothing(home: Home) -> None:
    before = {p: p.read_bytes() for p in home.settings.landing_dir.rglob("*") if p.is_file()}
    messages = home.rows("messages")
    planned = home.erase(dry_run=True)
    assert planned["ledger messages"] == 4
    assert home.rows("messages") == messages
    assert {p: p.read_bytes() for p in before} == before
    assert erased_at(home.settings, "c1") is None
    assert home.erase() == planned


@pytest.mark.parametrize(
    "dies_in", ["erase_in_events", "erase_in_published", "erase_in_other_files"]
)
def test_one_that_died_is_finished_by_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    room = next(r for r in (_erase, _parquet, _others) if hasattr(r, dies_in))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, dies_in, die)
        with pytest.raises(KeyboardInterrupt):
            home.erase()
    with home.ledger.read() as connection:
        assert is_suppressed(connection, group="phone", address=PHONE), "first of all"
    home.erase()
    assert home.traces(*TRACES) == []
    assert home.erase() == {}


def test_what_comes_in_later_is_found_by_the_hash(home: Home) -> None:
    home.erase()
    home.heard(3, texted("SM4", "STOP"), texted("SM5", "hello secret words"))
    with home.ledger.write() as connection:
        suppress(
            connection, group="email", address=EMAIL, reason="stop", source="import",
            occurred_at=NOW, recorded_at=NOW,
        )  # fmt: skip
    assert home.erase()["raw events"] == 2
    assert home.traces(*TRACES) == []


def test_the_replay_of_what_is_left_finds_nothing_amiss(home: Home) -> None:
    assert replay_events(home.ledger, home.settings, home.clock).differences == 0
    home.erase()
    report = replay_events(home.ledger, home.settings, home.clock)
    assert (report.differences, report.unreadable) == (0, 0)
    assert report.events.same > 0


def test_what_another_customer_shares_stays_theirs(home: Home) -> None:
    row = message("9" * 32, "c2", "sms", PHONE)
    shared = event("delivered", "9" * 32, EMAIL)
    with home.ledger.write() as connection:
        connection.execute(tables.messages.insert(), row)
    home.heard(3, record("sendgrid/events", json.dumps([shared]).encode()))
    report = erase(home.settings, home.clock, "c1")
    assert report.shared == 1
    (theirs,) = (row for row in home.rows("messages") if row["message_id"] == "9" * 32)
    assert (theirs["address"], theirs["customer_id"]) == (PHONE, "c2")
    assert json.loads(
        json.loads(log_part_path(home.settings.events_dir, "w", 3).read_text())["body"]
    )
    with home.ledger.read() as connection:
        assert is_suppressed(connection, group="phone", address=PHONE)


def test_nobody_is_erased_while_others_are_at_work(home: Home) -> None:
    with at_work(home.settings), pytest.raises(WinbackError, match="under way"):
        home.erase()
    with home.ledger.write() as connection:
        m = tables.messages
        claimed = m.update().where(m.c.message_id == "d" * 32).values(state="sending")
        connection.execute(claimed)
    with pytest.raises(WinbackError, match="just being sent"):
        home.erase()
    assert home.traces(*TRACES)


def test_who_is_known_nowhere_is_one_line(home: Home) -> None:
    with pytest.raises(UsageError, match="known nowhere"):
        erase(home.settings, home.clock, "nobody")


def test_the_commands_say_so_and_a_load_tells_who_is_back(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(home.settings.home))
    told = CliRunner().invoke(app, ["erase", "c1", "--dry-run"]).output
    assert "nothing was changed. Next: winback erase c1" in told
    told = CliRunner().invoke(app, ["erase", "c1"]).output
    assert "2 addresses, suppressed for good" in told
    assert not any(trace in told for trace in TRACES)
    assert "c1 was erased on" in CliRunner().invoke(app, ["why", "c1"]).output
    assert count_returned(home.settings) == 0
    again = CliRunner().invoke(app, ["load", str(tmp_path / "source")]).output
    assert "note: 1 of the customers were erased here before" in again
    with home.ledger.read() as connection:
        assert is_suppressed(connection, group="email", address=EMAIL)
    with (
        (home.settings.rejected_dir)
        .joinpath(sorted(p.name for p in home.settings.rejected_dir.iterdir())[0])
        .open() as file
    ):
        assert list(csv.reader(file))[1][3] == ""


def test_a_hashed_list_names_them_no_more_also_one_that_came_in_since(home: Home) -> None:
    def listed(address: str, group: str) -> str:
        name = "sha256:" + hashlib.sha256(address.encode()).hexdigest()
        with home.ledger.write() as connection:
            suppress(
                connection, group=group, address=name, reason="opted_out", source="list",
                occurred_at=NOW, recorded_at=NOW,
            )  # fmt: skip
        return name

    named = [listed(EMAIL.lower(), "email"), listed(PHONE[1:], "phone")]
    others = listed(OTHER, "email")
    home.erase()
    named.append(listed(PHONE, "phone"))
    home.erase()
    kept = {row["address"] for row in home.rows("suppressions")}
    assert not kept & set(named)
    assert others in kept
    with home.ledger.read() as connection:
        assert is_suppressed(connection, group="phone", address=PHONE)
        assert is_suppressed(connection, group="email", address=EMAIL)
