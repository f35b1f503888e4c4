"""A ledger that moves in mid-season: every row, one that sends, and never two."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from backup_house import NOW, BackupHouse, killed, message
from sqlalchemy import select, update

from winback.backup import _move, move_ledger
from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.cli import main
from winback.ledger import insert_new, open_ledger, tables
from winback.sending import _owner, active_stops, send_due

CLOCK = FixedClock(NOW)
pytestmark = [pytest.mark.long, pytest.mark.only_sqlite]


@pytest.fixture
def url(make_schema: Callable[[], str]) -> str:
    """An empty database of PostgreSQL."""
    return make_schema()


def at(house: BackupHouse, url: str) -> Settings:
    return house.settings.model_copy(update={"ledger_url": url})


def why_fenced(settings: Settings) -> str:
    with open_ledger(settings) as ledger:
        return ledger.fenced


def rows(settings: Settings) -> dict[str, list[str]]:
    """Every row but those that say where the ledger is and that the old one is closed."""
    beside = {tables.meta.name, tables.channel_brakes.name}
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return {
            table.name: sorted(str(tuple(row)) for row in connection.execute(select(table)))
            for table in tables.metadata.sorted_tables
            if table.name not in beside
        }


def test_every_row_goes_there_and_back_and_one_of_them_sends(house: BackupHouse, url: str) -> None:
    m = tables.messages
    with open_ledger(house.settings) as ledger, ledger.write() as connection:
        new = {"cost_cents": Decimal("0.7900"), "state": "accepted", "accepted_at": NOW}
        connection.execute(update(m).where(m.c.message_id == "m1").values(new))
    before = rows(house.settings)
    there = at(house, url)
    moved = move_ledger(house.settings, CLOCK, url)
    assert rows(there) == before
    assert moved.rows["messages"] == 39
    assert why_fenced(there) == ""
    assert why_fenced(house.settings).startswith(f"this ledger has moved to {moved.place}, and")

    # What happens there goes back with it, into the file that it once left.
    with open_ledger(there) as ledger, ledger.write() as connection:
        connection.execute(update(m).where(m.c.message_id == "m2").values(state="cancelled"))
    after = rows(there)
    home = f"sqlite:///{house.settings.home.resolve() / 'ledger.db'}"
    move_ledger(there, CLOCK, home)
    assert rows(house.settings) == after != before
    assert why_fenced(house.settings) == ""
    assert "has moved to sqlite:///" in why_fenced(there)
    with open_ledger(house.settings) as ledger, ledger.read() as connection:
        assert active_stops(connection, now=NOW) == []


@pytest.mark.parametrize("step", ["copy_rows", "_digest", "stop_all", "close_moved", "settle_here"])
def test_a_move_that_is_killed_leaves_at_most_one_that_sends(
    house: BackupHouse, url: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(house.settings)
    original = getattr(_move, step)

    def die(*arguments: object, **options: object) -> None:
        original(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    def move() -> None:
        setattr(_move, step, die)
        move_ledger(house.settings, CLOCK, url)

    with monkeypatch.context():
        assert killed(move)
    senders = [
        it for it in (house.settings, at(house, url)) if _has_rows(it) and not why_fenced(it)
    ]
    assert len(senders) <= 1
    move_ledger(house.settings, CLOCK, url)
    assert rows(at(house, url)) == before
    assert why_fenced(at(house, url)) == ""
    assert why_fenced(house.settings) != ""
    # Again it changes nothing.
    move_ledger(house.settings, CLOCK, url)
    assert why_fenced(at(house, url)) == ""


def _has_rows(settings: Settings) -> bool:
    anew = settings.model_copy(update={"adopt_ledger": "new"})
    with open_ledger(anew) as ledger, ledger.read() as connection:
        return connection.execute(select(tables.messages).limit(1)).first() is not None


def test_a_worker_that_has_the_old_one_open_sends_nothing_more(
    house: BackupHouse, url: str
) -> None:
    open_now = {"not_before": NOW - timedelta(hours=1), "window_closes_at": NOW + timedelta(1)}
    with open_ledger(house.settings) as old:
        with old.write() as connection:
            connection.execute(update(tables.messages).values(open_now))
        move_ledger(house.settings, CLOCK, url)
        assert old.fenced == "", "it was opened before"
        own = {"sendgrid_base_url": "http://127.0.0.1:1", "approval": "off"}
        nowhere = house.settings.model_copy(update=own)
        report = send_due(old, nowhere, CLOCK, sleep=lambda _: None)
    assert report.counts == {}
    assert "the ledger has moved to postgresql://" in report.stopped["email"]


def test_what_may_not_move_is_told_in_one_line(house: BackupHouse, url: str) -> None:
    def refused(place: str, kind: type[WinbackError] = WinbackError) -> str:
        with pytest.raises(kind) as error:
            move_ledger(house.settings, CLOCK, place)
        assert "\n" not in str(error.value)
        assert "secret" not in str(error.value)
        return str(error.value)

    home = house.settings.home.resolve()
    assert "is there already" in refused(f"sqlite:///{home / 'ledger.db'}", UsageError)
    assert "give the URL of a database" in refused("mysql://u:secret@h/d", UsageError)
    assert "names no database" in refused("postgresql://u:secret@h", UsageError)
    with open_ledger(house.settings) as ledger:
        _owner.renew(ledger, "other/boot/pid|1|1|aa")
    assert "1 runs hold messages of this ledger" in refused(url)
    with open_ledger(house.settings) as ledger, ledger.write() as connection:
        connection.execute(tables.claim_holders.delete())

    other = house.elsewhere("other")
    in_use = f"sqlite:///{other.home.resolve() / 'ledger.db'}"
    _use(other)
    assert "holds a ledger that was in use" in refused(in_use)
    assert why_fenced(house.settings) == ""
    assert why_fenced(other) == ""


def _use(settings: Settings) -> None:
    with open_ledger(settings) as ledger, ledger.write() as connection:
        insert_new(connection, tables.messages, [message(1)])


def test_what_arrives_otherwise_than_it_was_is_not_moved(
    house: BackupHouse, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = _move.copy_rows

    def lose_one(source: object, target: object) -> None:
        copy(source, target)  # type: ignore[arg-type]
        target.execute(tables.messages.delete().where(tables.messages.c.message_id == "m3"))  # type: ignore[attr-defined]

    with monkeypatch.context() as broken:
        broken.setattr(_move, "copy_rows", lose_one)
        with pytest.raises(WinbackError, match="messages did not arrive as it was"):
            move_ledger(house.settings, CLOCK, url)
    assert why_fenced(house.settings) == ""
    move_ledger(house.settings, CLOCK, url)
    assert why_fenced(at(house, url)) == ""


def test_the_command(
    house: BackupHouse,
    tmp_path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(house.settings.home))
    monkeypatch.setattr(sys, "argv", ["winback", "move-ledger", f"sqlite:///{tmp_path}/new.db"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().out
    assert (ended.value.code or 0) == 0
    assert f"The ledger is at sqlite:///{tmp_path}/new.db: " in told
    assert "Next: set WINBACK_LEDGER_URL" in told
