"""An opt-out is in force within 5 seconds of its acknowledgement, whatever else lies in the log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Self, get_args
from urllib.parse import urlencode

import pytest
from inbound_parts import message, rows
from sqlalchemy import event, select
from urllib3.filepost import encode_multipart_formdata

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.inbound._lanes import SHORT, Name, lane_of
from winback.inbound._log import LogWriter
from winback.ledger import Ledger, open_ledger, tables
from winback.providers import Record
from winback.providers.own.choices import unsubscribe_record

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

SECONDS = 5
STOPS = 1_000
# One after another they would take 15 each. How many are taken together is up to the disk: what
# comes in while it writes is one part.
STATEMENTS_PER_STOP = 2
CLOCK = WallClock()
# Of all that a mail can hold, what took longest to read.
PIECES = ("no ", "수신", "From:\nSent:\n")
# The same of mails that are short enough to lie before one of a few words.
SHORT_PIECES = ("i do not ", "From: a To: b ", "no ", "i ", "do not do ", "From:\nSent:\n")


@pytest.fixture
def ledger(settings: Settings, ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
        yield opened


def mail(**fields: object) -> Record:
    body, content_type = encode_multipart_formdata({"from": "worst@example.com"} | fields)
    return record("sendgrid", body, content_type)


def record(provider: str, body: bytes, content_type: str) -> Record:
    return Record(provider, "inbound", CLOCK.now(), "", {"content-type": content_type}, body)


def filled(piece: str, number: int, size: int) -> Record:
    return mail(**{("text", "html")[number % 2]: piece * (size // len(piece.encode()))})


def worst(turn: int) -> Iterator[Record]:
    """Short ones, which lie beside the stops that come by mail, and one of 5 MB."""
    yield filled(PIECES[turn], turn, 60_000)
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(999))
    inner = mail(text="STOP").body.decode()
    yield mail(text="Blue?", attachment1=("a.eml", deep, "message/rfc822"))
    yield mail(text="Blue?", attachment1=("a.eml", inner, "multipart/form-data"), charsets="\0{[")
    yield record("sendgrid", b"--x\r\n\xff\xfe" + bytes(range(256)) * 200, "multipart/x")
    yield filled(PIECES[turn], turn, 5_000_000)


def whose(number: int) -> str:
    return f"+1415555{number:04d}" if number % 7 > 1 else f"stop{number}@example.com"


def stop(number: int) -> Record:
    """By text, by mail or by a click."""
    if number % 7 == 0:
        return mail(**{"from": whose(number), "text": "Please stop\n\n> " + "our words " * 200})
    if number % 7 == 1:
        return unsubscribe_record(f"m{number}", CLOCK.now())
    form = {"MessageSid": f"SM{number}", "From": whose(number), "Body": "STOP"}
    return record("twilio", urlencode(form).encode(), "application/x-www-form-urlencoded")


def written(number: int) -> list[dict[str, object]]:
    """What we wrote to who says stop and what is still to go; nothing to a stranger."""
    if number % 7 != 1 and number % 2 == 0:
        return []
    channel = "sms" if number % 7 > 1 else "email"
    same = {"address": whose(number), "channel": channel, "customer_id": f"c{number}"}
    words = {"payload_json": '{"body": "Reply STOP to end"}'}
    planned = {"state": "planned", "accepted_at": None}
    return [message(f"m{number}", **same | words), message(f"p{number}", **same | planned)]


def lay_down(settings: Settings) -> None:
    """The log as the receiver writes it."""
    lanes = {name: LogWriter(settings.events_dir, CLOCK, lane=name) for name in get_args(Name)}
    stored = list[Future[None]]()

    def keep(one: Record) -> None:
        stored.append(lanes[lane_of(one)].append(one))

    for lane in lanes.values():
        lane.start()
    for turn in range(3):
        for one in worst(turn):
            keep(one)
        for number in range(turn, STOPS, 3):
            keep(stop(number))
    for one in worst(2):
        keep(one)
    for future in stored:
        future.result()
    for lane in lanes.values():
        lane.stop()


class Watch:
    """Notes when others see each stop, from now on."""

    def __init__(self, ledger: Ledger) -> None:
        self.seconds: dict[str, float] = {}
        self._ledger, self._begun, self._is_over = ledger, time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        s = tables.suppressions.c
        in_force = select(s.address).where(s.lifted_at.is_(None), s.reason != "hold")
        is_last = False
        while not is_last:
            is_last = self._is_over.wait(0.1)
            with self._ledger.read() as connection:
                found = connection.scalars(in_force).all()
            for address in found:
                self.seconds.setdefault(address, time.monotonic() - self._begun)


def test_a_thousand_stops_among_the_worst_mails_are_each_in_force_within_five_seconds(
    ledger: Ledger, settings: Settings
) -> None:
    with ledger.write() as connection:
        sent = [row for number in range(STOPS) for row in written(number)]
        connection.execute(tables.messages.insert(), sent)
    lay_down(settings)
    asked = list[str]()
    event.listen(ledger.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with Watch(ledger) as watch:
        report = collect(ledger, settings, CLOCK)
    assert watch.seconds.keys() == set(map(whose, range(STOPS)))
    # A machine that has several times more to do than it can is as many times slower.
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert max(watch.seconds.values()) < SECONDS * busy
    assert len(asked) / STOPS < STATEMENTS_PER_STOP
    assert report.unreadable > 0, "the worst of all were in it too"
    planned = [row for row in rows(ledger, "messages") if row["message_id"].startswith("p")]
    assert len(planned) == report.stopped_messages > STOPS // 3
    assert {row["state"] for row in planned} == {"suppressed"}


@pytest.mark.only_sqlite
def test_a_stop_by_mail_behind_a_hundred_of_the_worst_short_ones_is_in_force_in_time(
    ledger: Ledger, settings: Settings
) -> None:
    worst_ones = [
        filled(SHORT_PIECES[number % len(SHORT_PIECES)], number, SHORT - 1_000)
        for number in range(100)
    ]
    log = LogWriter(settings.events_dir, CLOCK, lane="short")
    log.start()
    stored = [log.append(one) for one in [*worst_ones, stop(0)] if lane_of(one) == "short"]
    log.stop()
    assert sum(future.result() is None for future in stored) == 101
    # Of the processor, which others may keep busy: one thread does it all, and it is the last.
    begun = time.process_time()
    collect(ledger, settings, CLOCK)
    taken = time.process_time() - begun
    # The load is that of the last minute, in which this hardly was.
    busy = max(1.0, (os.getloadavg()[0] + 1) / (os.cpu_count() or 1))
    assert taken < SECONDS * busy
    (reason,) = {row["reason"] for row in rows(ledger, "suppressions") if "stop" in row["address"]}
    assert reason == "stop"
