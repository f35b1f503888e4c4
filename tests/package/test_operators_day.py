"""A day of three operators, from the wheel: each runbook in the state of the house it is about.

`test_restore_drill.py` plays docs/backup.md, and `tests/upgrade` docs/upgrading.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import pytest
from machine import ROOT, TUESDAY, Machine
from sqlalchemy import select, update

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import count_by_state, open_ledger, tables
from winback.rehearsal import sandbox
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
SOMEBODY: Final = "K009"
NOT_READY: Final = "live mode is not ready"
# By the first words of a command: what it says where it finds something amiss, which is no fault
# of its page.
AMISS: Final = {"doctor": "missing: ", "mode live": NOT_READY, "send-test": NOT_READY}

Run = Callable[..., CompletedProcess[str]]


@dataclass(frozen=True)
class Tools:
    """What stands in other folders of the tests and scripts."""

    newcomer: Any
    check_docs: Any
    control_house: Any

    def play(
        self,
        run: Run,
        page: str,
        given: Mapping[str, str] | None = None,
        amiss: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Run each command of a page in its order; what each printed, by its words.

        `given` has what stands for a word of the page, or for a word after another one.
        """
        known, excused = given or {}, AMISS | dict(amiss or {})
        printed: dict[str, str] = {}
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        for words in self.check_docs.calls(text):
            call = " ".join(words)
            pairs = zip(("", *words), words, strict=False)
            done = run(*(known.get(f"{one} {it}", known.get(it, it)) for one, it in pairs))
            told = done.stdout + done.stderr
            assert "Traceback" not in told
            if done.returncode:
                why = next((it for start, it in excused.items() if call.startswith(start)), None)
                assert why, f"{call}: {told}"
                assert why in told
            printed[call] = told
        assert printed
        return printed


@dataclass(frozen=True)
class Day:
    """A house that is up, in a shop's own project."""

    house: Any
    tools: Tools
    shop: Path
    # Two texts of which nobody knows whether they left.
    unknown: tuple[str, str]

    def play(self, page: str, amiss: Mapping[str, str] | None = None, /, **given: str) -> Any:
        words = {"CUSTOMER_ID": SOMEBODY, "SEGMENT": "lapsed_30_45", "DIR": "files"} | given
        return self.tools.play(self.house.winback, page, words, amiss)

    def state(self, message_id: str) -> str:
        m = tables.messages.c
        with open_ledger(self.house.settings) as ledger, ledger.read() as connection:
            return str(connection.scalar(select(m.state).where(m.message_id == message_id)))

    def says(self, *words: str, code: int = 0) -> str:
        done = self.house.winback(*words)
        told = str(done.stdout + done.stderr)
        assert done.returncode == code, f"{words}: {told}"
        return told


@pytest.fixture(scope="module")
def tools() -> Iterator[Tools]:
    with pytest.MonkeyPatch.context() as patch:
        for folder in ("scripts", "tests/flows"):
            patch.syspath_prepend(ROOT / folder)
        yield Tools(*map(import_module, ("newcomer", "check_docs", "control_house")))


@pytest.fixture(scope="module")
def season(machine: Machine, tools: Tools) -> Machine:
    """A shop whose first texts left in the sandbox on a Tuesday."""
    tools.newcomer.write_shop(machine.shop / "files", TUESDAY)
    for name, content in FILES.items():
        (machine.shop / name).write_text(content)
    machine.winback("init", "--brand", "Copper and Tea", "--country", "GB", "--timezone",
                    "Europe/London", "--address", "1 High Street, Exampleton")  # fmt: skip
    machine.winback("load", "files")
    machine.winback("run", "--mode", "sandbox", "--as-of", minute(TUESDAY))
    return machine


@pytest.fixture(scope="module")
def day(season: Machine, tools: Tools) -> Iterator[Day]:
    settings = Settings.load(home=season.shop / ".winback")
    house = tools.control_house.House(
        settings,
        program=(str(season.venv / "bin" / "winback"),),
        cwd=season.shop,
        # What has to run each quarter of an hour is held, and played by hand.
        WINBACK_WATCH_LIMITS="collect=600,reconcile=600,reply=600,send=600",
    )
    with house.up("--sandbox"):
        house.hold_schedules()
        house.environment["PREFECT_API_URL"] = house.api
        keys = sandbox.load_or_create(sandbox.sandbox_dir(settings))
        found = sandbox.client_settings(house.sandbox, keys)
        house.environment |= {f"WINBACK_{name.upper()}": it for name, it in found.items()}
        day = Day(house, tools, season.shop, lost_track_of_two(settings))
        day.says("mode", "sandbox")
        yield day


def minute(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


def lost_track_of_two(settings: Settings) -> tuple[str, str]:
    m = tables.messages
    texts = select(m.c.message_id).where(m.c.state == "accepted", m.c.channel == "sms")
    with open_ledger(settings) as ledger, ledger.write() as connection:
        first, second = connection.scalars(texts.order_by(m.c.message_id).limit(2))
        lost = {"state": "unknown_final", "state_reason": "unknown:timeout", "accepted_at": None}
        connection.execute(
            update(m)
            .where(m.c.message_id.in_((first, second)))
            .values(**lost, version=m.c.version + 1)
        )
    return str(first), str(second)


def left(machine: Machine) -> int:
    settings = Settings.load(home=machine.shop / ".winback")
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return count_by_state(connection)["accepted"]


def test_a_step_leaves_with_the_run_after_a_yes(season: Machine, tools: Tools) -> None:
    before, wednesday = left(season), minute(TUESDAY + timedelta(days=1))
    season.settings = {"WINBACK_APPROVAL": "always"}
    assert "waits for approval" in season.winback("run", "--mode", "sandbox", "--as-of", wednesday)
    waiting = json.loads(season.winback("approvals", "--json"))["waiting"]
    for it in waiting:
        said = tools.play(season.run, "approval", {"1a2b3c4d": it["id"]})
        assert f"step {it['step']} of {it['playbook_id']} waits" in said["approvals"]
        assert "Approved by" in said["approve 1a2b3c4d"]
    # The page ends with a no.
    season.winback("run", "--mode", "sandbox", "--as-of", wednesday)
    assert left(season) == before
    for it in waiting:
        season.winback("approve", it["id"])
    season.winback("run", "--mode", "sandbox", "--as-of", wednesday)
    assert before < left(season) <= before + sum(it["messages"] for it in waiting)
    season.settings = {}


def test_the_house_goes_no_further_than_it_is_ready_for(day: Day) -> None:
    said = day.play("going-live")
    assert "sandbox: set by" in said["mode"]
    assert "WINBACK_FROM_EMAIL is not set" in said["mode live"]
    assert "dry-run: set by" in said["mode dry-run"]
    assert "It is up already" in said["up --sandbox"]
    for call, told in said.items():
        if call.startswith("send-test"):
            assert NOT_READY in told
    to_me = ("send-test", "sms_email", "2", "--to", "me@shop.example", "--mode", "sandbox")
    assert "the sandbox of this machine took it" in day.says(*to_me)
    day.says("mode", "sandbox")


def test_a_new_operator_looks_through_it(day: Day) -> None:
    said = day.play("handing-over")
    assert "sandbox: set by" in said["mode"]
    assert "All is well." in said["watch"]
    assert "2 messages may have been sent" in said["reconcile list"]


@pytest.mark.parametrize("page", ["watchdog", "hung-run"])
def test_nothing_stands_still(day: Day, page: str) -> None:
    assert "All is well." in day.play(page)["watch"]


def test_nothing_is_forgotten_that_no_setting_names(day: Day) -> None:
    said = day.play("retention")
    assert "All is kept for good" in said["retention"]


def test_lists_of_opt_outs_are_taken_in(day: Day) -> None:
    said = day.play("suppression-lists")
    assert "2 opt-outs new" in said["suppressions import unsubscribed.csv"]
    assert "ada@example.com" not in "".join(said.values())


def test_a_provider_that_refused_is_tried_again(day: Day) -> None:
    with open_ledger(day.house.settings) as ledger, ledger.write() as connection:
        _stops.stop(connection, "email", "auth", "SendGrid refuses the key", now=WallClock().now())
    stopped = "email is stopped: SendGrid refuses the key"
    said = day.play("provider-outage", {"watch": stopped}, live="sandbox")
    assert stopped in said["watch"]
    assert day.unknown[0] in said["reconcile list"]
    assert "Done: " in said["reconcile --mode live"]
    assert "goes on: email" in said["go"]
    assert "All is well." in day.says("watch")


def test_a_person_settles_what_nobody_knows(day: Day) -> None:
    to_settle, to_release = day.unknown
    said = day.play(
        "sent-twice",
        live="sandbox",
        **{"settle MESSAGE_ID": to_settle, "release MESSAGE_ID": to_release},
    )
    assert "Done: " in said["reconcile --mode live"]
    assert SOMEBODY in said["why CUSTOMER_ID"]
    assert day.state(to_settle) == "accepted"
    # Its window has closed since, so it is not sent late.
    assert day.state(to_release) == "expired"


def test_all_sending_is_stopped_and_goes_on(day: Day) -> None:
    said = day.play("stop-everything")
    assert "the offer is wrong" in said["doctor"]
    assert "the offer is wrong" in said["go"]
    assert "the offer is wrong" not in day.says("doctor", code=1)


def test_the_wrong_segment_is_found(day: Day) -> None:
    try:
        said = day.play("wrong-segment")
    finally:
        told = day.says("go")
    shown = next(told for call, told in said.items() if call.startswith("dbt show"))
    assert "sms_email" in shown
    assert "wrong segment" in told


def test_a_row_that_cannot_be_read_holds_its_customer_until_it_is_mended(day: Day) -> None:
    bought = minute(TUESDAY - timedelta(days=36))
    write_orders(day.shop / "odd", f"odd,{SOMEBODY},{bought},a lot", f"even,K010,{bought},12.50")
    assert "1 customers are held" in day.says("load", "odd")
    [rejected] = (day.shop / ".winback" / "landing" / "rejected").glob("orders-*.csv")
    assert "total_amount is not a number" in rejected.read_text()
    day.says("build")
    unread = "What could not be read of them"
    assert unread in day.says("why", SOMEBODY)
    write_orders(day.shop / "mended", f"odd,{SOMEBODY},{bought},12.50")
    said = day.play("unread-rows", DIR="mended")
    assert unread not in said["why CUSTOMER_ID"]


def test_newer_files_end_a_stale_feed(day: Day) -> None:
    later = datetime.now(UTC) + timedelta(days=900)
    at = f"{later:%Y-%m-%d}"
    told = day.says("run", "--mode", "dry-run", "--as-of", at, code=1)
    assert "Days since the newest order: " in told
    write_orders(day.shop / "newer", f"new,K010,{minute(later - timedelta(days=2))},12.50")
    day.play("stale-feed", DIR="newer")
    day.says("run", "--mode", "dry-run", "--as-of", at)


def test_a_person_is_given_their_data_and_forgotten(day: Day) -> None:
    day.play("persons-data", **{"17": SOMEBODY})
    answer = day.shop / "answer"
    assert "k009@example.com" in (answer / "person.html").read_text().lower()
    day.play("erasing")
    assert "nothing was changed" in day.says("erase", SOMEBODY, "--dry-run")
    assert "what is left is called erased-" in day.says("erase", SOMEBODY)
    assert f"customer {SOMEBODY} was erased" in day.says("why", SOMEBODY)
    assert "1 of the customers were erased here before" in day.says("load", "files")


def write_orders(folder: Path, *rows: str) -> None:
    """Further orders, as a shop's files have them."""
    folder.mkdir()
    (folder / "customers.csv").write_text("customer_id\n")
    header = "order_id,customer_id,ordered_at,total_amount"
    (folder / "orders.csv").write_text("\n".join([header, *rows, ""]))
