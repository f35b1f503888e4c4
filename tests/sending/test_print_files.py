"""Letters leave as one file for the print shop, and each of them once, whatever kills a run."""

from __future__ import annotations

import signal
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from outbox_rows import NOW, outbox_row
from sqlalchemy import select

from winback.base.clock import FixedClock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.ledger import Ledger, count_by_state, suppress, tables
from winback.providers import Outgoing, Request, handed_over, open_channel, read_print_rows
from winback.providers.print_shop.channel import PrintChannel
from winback.reconcile import learn_lost_time, reconcile
from winback.sending import plan, send_due, send_test

pytestmark = [pytest.mark.long, pytest.mark.both_databases]
ADDRESS = "ann zyx {n}\n1 high st\nflat 2\nsw1a 1aa\nlondon\n\ngb"
PIECES = 12


def letter(number: int, **changes: Any) -> dict[str, Any]:
    """A card that is due now."""
    about = {
        "playbook_id": "postcard", "step": 1, "template": "postcard/1", "variant": "base",
        "address": ADDRESS.format(n=number), "local_opens_minute": 0, "local_closes_minute": 1440,
    }  # fmt: skip
    return outbox_row(number, channel="direct_mail", **(about | changes))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"channels": "email,direct_mail"})


def printed(settings: Settings) -> list[dict[str, str]]:
    return [row for path in handed_over(settings.print_dir) for row in read_print_rows(path)]


def hidden(settings: Settings) -> list[Path]:
    return sorted(settings.print_dir.glob(".*"))


def test_a_run_hands_over_one_file_for_its_owners_eyes_and_no_piece_twice(
    ledger: Ledger, settings: Settings, send: Callable[..., Any]
) -> None:
    rows = [letter(n) for n in range(PIECES)]
    report = send(rows)
    (path,) = handed_over(settings.print_dir)
    assert path.name.startswith("2026-03-10-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert hidden(settings) == []
    pieces = {row["message_id"]: row for row in read_print_rows(path)}
    assert set(pieces) == {row["message_id"] for row in rows}
    one = pieces[rows[3]["message_id"]]
    assert {name: one[name] for name in one if name not in {"link", "opt_out", "message_id"}} == {
        "name": "ANN ZYX 3", "address_line1": "1 HIGH ST", "address_line2": "FLAT 2",
        "postal_code": "SW1A 1AA", "city": "LONDON", "region": "", "country": "GB",
        "design": "postcard/1", "language": "en", "headline": "We miss you, Ann!",
        "body": "You have not been at Example Shop for a while, and we would love to have you "
        "back. This is for you: 20% off with code WELCOME20, until Apr 9, 4:00 PM.",
        "code": "WELCOME20", "code_until": "Apr 9, 4:00 PM",
        "sender": "Example Shop, 1 Main St, Springfield",
    }  # fmt: skip
    # Each card has an address of its own to the shop, and one that ends the letters.
    for name, begin in (("link", "https://hooks.example.com/r/"), ("opt_out", "You get this")):
        assert len({row[name] for row in pieces.values()}) == PIECES
        assert one[name].startswith(begin)
    assert "https://hooks.example.com/u/" in one["opt_out"]
    assert dict(report.counts) == {"accepted": PIECES}
    assert not send(rows).counts
    assert len(handed_over(settings.print_dir)) == 1


def test_who_opts_out_while_the_file_is_written_is_not_in_it(
    ledger: Ledger, settings: Settings, send: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = PrintChannel.prepare

    def slowly(self: PrintChannel, messages: Sequence[Outgoing], **options: Any) -> list[Request]:
        requests = prepare(self, messages, **options)
        with ledger.write() as connection:
            suppress(
                connection, group="post", address=ADDRESS.format(n=3).upper(), reason="stop",
                source="test", occurred_at=NOW, recorded_at=NOW,
            )  # fmt: skip
        return requests

    monkeypatch.setattr(PrintChannel, "prepare", slowly)
    rows = [letter(n) for n in range(PIECES)]
    send(rows)
    assert {row["name"] for row in printed(settings)} == {
        f"ANN ZYX {n}" for n in range(PIECES) if n != 3
    }
    assert len(handed_over(settings.print_dir)) == 1
    # Of the file that was not handed over, nothing is left but that it was taken back.
    assert [path.stat().st_size for path in hidden(settings)] == [0]


@pytest.mark.parametrize(
    "point",
    ["intent:1:before", "intent:1:after", "call:1:before", "call:1:after", "record:1:before",
     "record:1:after"],
)  # fmt: skip
def test_a_killed_hand_over_is_neither_lost_nor_repeated(
    point: str,
    ledger: Ledger,
    settings: Settings,
    clock: FixedClock,
    start_one: Callable[[str], ForkServerProcess],
) -> None:
    rows = [letter(n) for n in range(PIECES)]
    plan(ledger, rows, settings, clock)
    run = start_one(point)
    run.join(120)
    assert run.exitcode == -signal.SIGKILL
    before = [path.read_bytes() for path in handed_over(settings.print_dir)]
    for _ in range(4):
        clock.advance(timedelta(minutes=10))
        window = {"not_before": clock.at, "window_closes_at": clock.at + timedelta(hours=2)}
        plan(ledger, [row | window for row in rows], settings, clock)
        send_due(ledger, settings, clock, sleep=lambda _: None)
        reconcile(ledger, settings, clock, sleep=lambda _: None)
    with ledger.read() as connection:
        assert count_by_state(connection) == {"accepted": PIECES}
    assert Counter(row["message_id"] for row in printed(settings)) == Counter(
        row["message_id"] for row in rows
    )
    # What the print shop may have taken already is the file that it is.
    assert all(
        path.read_bytes() in before or not before for path in handed_over(settings.print_dir)
    )


def test_a_hand_over_that_nobody_can_look_into_is_never_repeated(
    ledger: Ledger,
    settings: Settings,
    clock: FixedClock,
    start_one: Callable[[str], ForkServerProcess],
) -> None:
    plan(ledger, [letter(1)], settings, clock)
    run = start_one("call:1:after")
    run.join(120)
    (path,) = handed_over(settings.print_dir)
    path.unlink()
    for _ in range(5):
        clock.advance(timedelta(hours=20))
        send_due(ledger, settings, clock, sleep=lambda _: None)
        reconcile(ledger, settings, clock, sleep=lambda _: None)
    with ledger.read() as connection:
        assert count_by_state(connection) == {"unknown_final": 1}
    assert printed(settings) == []


def test_of_handing_over_and_taking_back_only_one_happens(settings: Settings) -> None:
    message = Outgoing("m1", ADDRESS, _payload(), NOW)
    for takes_back_first in (False, True):
        channel = PrintChannel(settings)
        (request,) = channel.prepare([message], now=NOW)
        other, question = PrintChannel(settings), _question(message, request)
        if takes_back_first:
            assert other.look_up(question).kind == "absent"
            assert channel.send(request).kind == "not_sent"
            assert other.look_up(question).kind == "absent"
        else:
            assert channel.send(request).kind == "accepted"
            assert other.look_up(question).kind == "found"
            # It was somebody else's: that proves nothing.
            stranger = replace(message, message_id="m2")
            assert other.look_up(_question(stranger, request)).kind == "unreadable"


def test_a_full_disk_stops_the_hand_over_and_loses_nothing(
    ledger: Ledger, settings: Settings, send: Callable[..., Any]
) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.print_dir.parent.mkdir(parents=True, exist_ok=True)
    settings.print_dir.write_text("no folder")
    send([letter(1)])
    with ledger.read() as connection:
        m = tables.messages.c
        assert connection.execute(select(m.state)).scalars().all() == ["planned"]


def test_old_files_are_forgotten(settings: Settings, send: Callable[..., Any]) -> None:
    settings.print_dir.mkdir(parents=True)
    old, young = (settings.print_dir / f"{day}-aa.csv" for day in ("2025-12-09", "2025-12-10"))
    for path in (old, young):
        path.write_text("message_id\n")
    send([letter(1)])
    assert not old.exists()
    assert young.exists()


def test_after_a_restore_nobody_can_tell_what_was_printed(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    told = learn_lost_time(ledger, settings, clock, since=NOW, groups=["post"], with_lists=False)
    assert set(told.unreadable) == {"post"}


def test_a_card_is_no_test_message(ledger: Ledger, settings: Settings) -> None:
    with pytest.raises(UsageError, match="winback preview"):
        send_test(
            ledger, settings, channel="direct_mail", payload_json="{}", to="1 High St", now=NOW
        )


def test_who_has_not_switched_it_on_prints_nothing(settings: Settings) -> None:
    with pytest.raises(UsageError, match="not switched on"):
        open_channel("direct_mail", settings.model_copy(update={"channels": "email"}))


def _payload() -> Any:
    from winback.content.payloads import Postcard

    return Postcard("d", "en", "h", "b", "", "", "l", "o", "s")


def _question(message: Outgoing, request: Request) -> Any:
    from winback.providers import Search

    return Search(message, NOW, request.attempt_id)
