"""A day of an operator, from the wheel: each runbook in the state of the house that it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Final

import pytest
from machine import ROOT, Machine
from sqlalchemy import select, update

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import open_ledger, tables
from winback.sending.brakes import _stops

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

LIST: Final = "email,phone\nada@example.com,+44 7700 900123\n"
FILES: Final = {
    "unsubscribed.csv": LIST,
    "bounces.csv": LIST,
    "do-not-text.xlsx": LIST,
    "bounces.json": '[{"created": 1767225600, "email": "ada@example.com"}]',
    "messages.json": '{"messages": [{"body": "STOP", "from": "+447700900123", "to": "+1"}]}',
}
# What finds something amiss and says so, which is no fault of the page: by its first words.
AMISS: Final = {"doctor": "missing: ", "doctor --network": "missing: "}


@dataclass
class Day:
    """A house that is up, in a shop's own project."""

    house: Any
    # Two messages of which nobody knows whether they left.
    unknown: tuple[str, str]

    def states(self) -> dict[str, str]:
        m = tables.messages.c
        with open_ledger(self.house.settings) as ledger, ledger.read() as connection:
            query = select(m.message_id, m.state).where(m.message_id.in_(self.unknown))
            return {row.message_id: row.state for row in connection.execute(query)}

    def says(self, *words: str) -> str:
        done = self.house.winback(*words)
        return str(done.stdout + done.stderr)


@pytest.fixture(scope="module")
def tools() -> Iterator[Callable[[str], Any]]:
    with pytest.MonkeyPatch.context() as patch:
        for folder in ("scripts", "tests/flows"):
            patch.syspath_prepend(ROOT / folder)
        yield import_module


@pytest.fixture(scope="module")
def day(machine: Machine, tools: Callable[[str], Any]) -> Iterator[Day]:
    now = datetime.now(UTC)
    tools("newcomer").write_shop(machine.shop / "files", now - timedelta(days=1))
    for name, content in FILES.items():
        (machine.shop / name).write_text(content)
    machine.winback("init", "--brand", "Copper and Tea", "--country", "GB", "--timezone",
                    "Europe/London", "--address", "1 High Street, Exampleton")  # fmt: skip
    machine.winback("load", "files")
    yesterday = now.replace(hour=15, minute=0) - timedelta(days=1)
    machine.winback("run", "--mode", "sandbox", "--as-of", f"{yesterday:%Y-%m-%dT%H:%M}")
    house = tools("control_house").House(
        Settings.load(home=machine.shop / ".winback"),
        program=(str(machine.venv / "bin" / "winback"),),
        cwd=machine.shop,
    )
    with house.up("--sandbox"):
        house.hold_schedules()
        house.environment["PREFECT_API_URL"] = house.api
        assert house.winback("mode", "sandbox").returncode == 0
        yield Day(house, lost_track_of_two(house.settings))


def lost_track_of_two(settings: Settings) -> tuple[str, str]:
    m = tables.messages
    with open_ledger(settings) as ledger, ledger.write() as connection:
        first, second = connection.scalars(
            select(m.c.message_id).where(m.c.state == "accepted").order_by(m.c.message_id).limit(2)
        )
        connection.execute(
            update(m)
            .where(m.c.message_id.in_((first, second)))
            .values(
                state="unknown_final", state_reason="unknown:timeout", accepted_at=None,
                version=m.c.version + 1,
            )
        )  # fmt: skip
    return str(first), str(second)


def play(day: Day, tools: Callable[[str], Any], page: str) -> dict[str, str]:
    """What each command of the page prints, in its order, by its words."""
    given = {"CUSTOMER_ID": "K009", "SEGMENT": "lapsed_30_45", "DIR": "files", "17": "K009"}
    said: dict[str, str] = {}
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for words in tools("check_docs").calls(text):
        which = {"MESSAGE_ID": day.unknown["release" in words]}
        done = day.house.winback(*((given | which).get(word, word) for word in words))
        told, call = done.stdout + done.stderr, " ".join(words)
        assert "Traceback" not in told
        if done.returncode and not told.startswith("winback: nothing was ever sent"):
            amiss = AMISS.get(call) or AMISS_ON.get((page, call))
            assert amiss, f"{words}: {told}"
            assert amiss in told
        said[call] = told
    assert said
    return said


AMISS_ON: Final = {("provider-outage", "watch"): "email is stopped: SendGrid refuses the key"}


@pytest.mark.parametrize(
    "page", ["watchdog", "retention", "hung-run", "suppression-lists", "erasing", "persons-data"]
)
def test_what_changes_nothing_that_is_sent(
    day: Day, tools: Callable[[str], Any], page: str
) -> None:
    play(day, tools, page)


def test_a_provider_that_refused_is_tried_again(day: Day, tools: Callable[[str], Any]) -> None:
    with open_ledger(day.house.settings) as ledger, ledger.write() as connection:
        _stops.stop(connection, "email", "auth", "SendGrid refuses the key", now=WallClock().now())
    said = play(day, tools, "provider-outage")
    assert day.unknown[0] in said["reconcile list"]
    assert "email is stopped" not in day.says("watch")


def test_a_person_settles_what_nobody_knows(day: Day, tools: Callable[[str], Any]) -> None:
    play(day, tools, "sent-twice")
    states = day.states()
    assert states[day.unknown[0]] == "accepted"
    assert states[day.unknown[1]] != "unknown_final"


def test_all_sending_is_stopped_and_goes_on(day: Day, tools: Callable[[str], Any]) -> None:
    said = play(day, tools, "stop-everything")
    assert "the offer is wrong" in said["doctor"]
    assert "the offer is wrong" not in day.says("doctor")


def test_the_wrong_segment_is_found(day: Day, tools: Callable[[str], Any]) -> None:
    said = play(day, tools, "wrong-segment")
    shown = next(told for call, told in said.items() if call.startswith("dbt show"))
    assert "sms_email" in shown
    day.says("go")


def test_a_new_operator_looks_through_it(day: Day, tools: Callable[[str], Any]) -> None:
    said = play(day, tools, "handing-over")
    assert "sandbox" in said["mode"]


def test_newer_files_end_a_stale_feed(day: Day, tools: Callable[[str], Any]) -> None:
    later = datetime.now(UTC) + timedelta(days=200)
    told = day.says("build", "--as-of", f"{later:%Y-%m-%d}")
    assert "days since the newest order" in told
    play(day, tools, "stale-feed")
