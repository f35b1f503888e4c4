"""What is older than the shop keeps goes from every file; what proves a no or a yes stays."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from erasable_home import EMAIL, NOW, OTHER, PHONE, TRACES, Home, texted
from typer.testing import CliRunner

from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.base.running import at_work
from winback.base.settings import Settings
from winback.cli._app import app
from winback.inbound import collect, replay_events
from winback.ledger import FINAL, is_suppressed
from winback.people.export import export_person
from winback.people.retention import _files, _ledger, _run, last_retention, limits, retain

pytestmark = pytest.mark.long

LATER = NOW + timedelta(days=100)
KEYS = ("message_id", "enrollment_id", "step", "channel", "state", "provider_id", "accepted_at")
ALL = {f"keep_{what}_days": 60 for what in ("addresses", "words", "callbacks", "decisions")}


def keeping(home: Home, **days: int | None) -> Settings:
    return home.settings.model_copy(update={"keep_reports_days": 60, **days})


def forget(home: Home, at: datetime = LATER, **days: int | None) -> dict[str, int]:
    return dict(retain(keeping(home, **(days or ALL)), FixedClock(at)).forgotten)


def old(home: Home) -> None:
    """Give the home a page, a report and decisions of long ago."""
    day = home.settings.ledger_landing_dir / "decisions" / "20260310.parquet"
    pq.write_table(pa.Table.from_pylist([{"customer_id": "c1"}]), day)
    report = home.settings.reports_dir / "report.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(f"for {EMAIL}")
    os.utime(report, (NOW.timestamp(), NOW.timestamp()))


def test_no_file_but_the_shops_has_them_any_more(home: Home) -> None:
    old(home)
    assert home.traces(*TRACES)
    done = forget(home)
    left = {line.partition(":")[0] for line in home.traces(*TRACES, OTHER, "+4915199999999")}
    # The shop's own rows are the shop's to keep, and the list of opt-outs must know whom it stops;
    # published sets and the warehouse are made anew of them by each build.
    opt_outs = {p.name for p in home.settings.ledger_landing_dir.glob("suppressions/*.parquet")}
    assert left - opt_outs <= {
        "customers.parquet", "orders.parquet", "consents.parquet", "outbox.parquet",
        "winback.duckdb", "sandbox.db", "note.txt", "ledger.db",
    }  # fmt: skip
    # Nothing of theirs waits, so the database has no trace either, in no free page.
    names = {line.partition(":")[0] for line in home.traces(OTHER)}
    assert names == {"customers.parquet", "outbox.parquet", "sandbox.db"}
    assert done["raw callbacks"] == 6
    assert done["decision files"] == done["reports and exports"] == done["rejected rows"] == 1


def test_the_ledger_has_neither_words_nor_addresses_of_what_ended(home: Home) -> None:
    before = home.rows("messages")
    forget(home)
    ended = [row for row in home.rows("messages") if row["state"] in FINAL]
    assert {row["message_id"][0] for row in ended} == {"a", "b", "d", "f"}
    for row in ended:
        assert row["address"].startswith("hmac:")
        assert (row["payload_json"], row["zones"]) == ("{}", "")
    # What waits, and what nobody knows of yet, is whole.
    waits = {row["message_id"]: row for row in before if row["state"] not in FINAL}
    assert waits == {
        row["message_id"]: row for row in home.rows("messages") if row["state"] not in FINAL
    }
    # Nothing that keeps a message from leaving twice has changed.
    told = [[row[name] for name in KEYS] for row in home.rows("messages")]
    assert told == [[row[name] for name in KEYS] for row in before]
    assert home.rows("links") == []


def test_what_somebody_waits_for_keeps_words_and_address(home: Home) -> None:
    waiting = {row["conversation_id"] for row in home.rows("conversations") if row["waiting_since"]}
    assert waiting
    before = {r["reply_id"]: r for r in home.rows("replies") if r["conversation_id"] in waiting}
    forget(home)
    after = {r["reply_id"]: r for r in home.rows("replies")}
    assert {key: after[key] for key in before} == before
    others = [row for key, row in after.items() if key not in before]
    assert {row["text"] for row in others} <= {""}
    assert all(row["address"].startswith("hmac:") for row in others)


def test_opt_outs_proofs_and_records_stay(home: Home) -> None:
    kept = ("suppressions", "preferences", "series_joins", "revocations", "enrollments")
    before = {name: home.rows(name) for name in kept}
    consents = pq.read_table(home.settings.shop_dir / "consents.parquet").to_pylist()
    forget(home)

    def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{k: v for k, v in row.items() if k != "exported_version"} for row in rows]

    assert {name: told(home.rows(name)) for name in kept} == {n: told(r) for n, r in before.items()}
    assert pq.read_table(home.settings.shop_dir / "consents.parquet").to_pylist() == consents
    with home.ledger.read() as connection:
        assert is_suppressed(connection, group="email", address=EMAIL, reasons=["stop"])
        assert is_suppressed(connection, group="phone", address=PHONE)


@pytest.mark.parametrize(
    ("room", "dies_in"),
    [
        (_ledger, "_hide"),
        (_files, "forget_callbacks"),
        (_files, "forget_reports"),
        (_run, "export_ledger"),
    ],
)
def test_one_that_died_is_finished_by_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch, room: Any, dies_in: str
) -> None:
    old(home)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, dies_in, die)
        with pytest.raises(KeyboardInterrupt):
            forget(home)
    assert last_retention(home.settings) is None
    forget(home)
    assert forget(home) == {}
    assert last_retention(home.settings) == LATER
    assert all(
        r["address"].startswith("hmac:") for r in home.rows("messages") if r["state"] in FINAL
    )
    assert b'"body": "M' not in b"".join(p.read_bytes() for p in home.settings.events_dir.glob("*"))


def test_a_dry_run_counts_the_same_and_changes_nothing(home: Home) -> None:
    old(home)
    before = {p: p.read_bytes() for p in home.settings.landing_dir.rglob("*.jsonl")}
    planned = retain(keeping(home, **ALL), FixedClock(LATER), dry_run=True).forgotten
    assert {p: p.read_bytes() for p in before} == before
    assert home.rows("messages")[0]["payload_json"] != "{}"
    assert planned == forget(home)


def test_what_is_young_stays(home: Home) -> None:
    old(home)
    assert forget(home, at=NOW + timedelta(days=50), **ALL, keep_reports_days=None) == {}
    assert {"callbacks", "words"} <= set(limits(keeping(home)))


def test_without_a_setting_all_is_kept(home: Home) -> None:
    report = retain(home.settings, FixedClock(LATER))
    assert (report.is_set, dict(report.forgotten)) == (False, {})
    assert home.traces(*TRACES)


def test_a_raw_callback_stays_no_longer_than_the_words_in_it(home: Home) -> None:
    kept = limits(keeping(home, keep_words_days=40, keep_callbacks_days=90))
    assert kept["callbacks"].days == 40


def test_who_texts_later_is_known_and_the_log_can_be_replayed(home: Home) -> None:
    forget(home)
    home.clock.at = LATER
    home.heard(3, texted("SM8", "where is it?"))
    collect(home.ledger, home.settings, home.clock)
    (reply,) = (row for row in home.rows("replies") if row["text"] == "where is it?")
    assert (reply["customer_id"], reply["address"]) == ("c1", PHONE)
    report = replay_events(home.ledger, home.settings, home.clock)
    assert (report.differences, report.unreadable) == (0, 0)
    assert report.events.same == 1


def test_a_person_is_exported_and_erased_after_it_as_before(home: Home) -> None:
    forget(home)
    done = export_person(home.settings, home.clock, "c1")
    assert done.rows["ledger messages"] == 4
    home.erase()
    assert home.traces(*TRACES) == []


def test_nothing_is_forgotten_while_a_run_is_at_work(home: Home) -> None:
    with at_work(home.settings), pytest.raises(WinbackError, match="under way"):
        forget(home)


def test_the_command_and_doctor_tell_what_is_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(home.settings.home))
    assert "kept for good" in CliRunner().invoke(app, ["retention"]).output
    monkeypatch.setenv("WINBACK_KEEP_WORDS_DAYS", "60")
    told = json.loads(CliRunner().invoke(app, ["retention", "--dry-run", "--json"]).stdout)
    assert told["limits"]["words"] == told["limits"]["callbacks"] == 60
    assert told["forgotten"]["message words"] == 3
    doctor = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert doctor["keeps"].startswith("addresses for good, words 60 days")
    assert doctor["keeps"].endswith("retention never ran")
