"""Events that are applied together leave what they would have left one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from inbound_parts import NOW, message, rows, sg_event
from sqlalchemy import Connection, select
from urllib3.filepost import encode_multipart_formdata

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import _apply
from winback.inbound._apply import CollectReport, Parsed, apply
from winback.inbound._collect import parse
from winback.inbound._read_ahead import read_ahead
from winback.ledger import Ledger, ask_to_join, open_ledger, tables
from winback.providers import Record
from winback.providers.own.choices import preference_record, undo_record, unsubscribe_record

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

# Of one customer, of two, of a third; of nobody.
PHONES = ("+14155550101", "+14155550102", "+14155550103", "+14155550104")
EMAILS = ("ann@example.com", "bob@example.com")
CLOCK = FixedClock(NOW + timedelta(hours=1))
TABLES = ("provider_events", "suppressions", "messages", "conversations", "replies", "preferences",
          "series_joins", "evidence")  # fmt: skip


@pytest.fixture
def ledger(settings: Settings, ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
        with opened.write() as connection:
            connection.execute(tables.messages.insert(), list(written()))
            ask_to_join(
                connection, series_id="daily_tips", customer_id="c1", address=PHONES[0],
                words="TIPS", reply_id="r0", message_id="sent0", asked_at=NOW - timedelta(days=1),
                confirm_by=None, recorded_at=NOW,
            )  # fmt: skip
        yield opened


def written() -> Iterator[dict[str, object]]:
    """To two who share a phone, to one who has another phone too, and to whom we can't tell."""
    ways = [
        ("c1", "sms", PHONES[0]), ("c1", "sms", PHONES[1]), ("c2", "sms", PHONES[1]),
        ("c3", "sms", PHONES[2]), ("c1", "email", EMAILS[0]), ("c3", "email", EMAILS[1]),
    ]  # fmt: skip
    for number, (customer, channel, address) in enumerate(ways):
        same: dict[str, object] = {"customer_id": customer, "channel": channel, "address": address}
        same |= {"cap_scope": "daily_tips"} if number % 2 else {"cap_scope": None}
        planned = {"state": "planned", "accepted_at": None}
        yield message(f"sent{number}", **same)
        yield message(f"planned{number}", **same | planned)
        yield message(f"lost{number}", **same | planned | {"state": "unknown"})


texts = st.tuples(
    st.just("text"),
    st.sampled_from(PHONES),
    st.sampled_from(
        ["STOP", "START", "yes", "no", "Blue?", "you are spammers", "too expensive", "STOP",
         "stop tips", "TIPS"]
    ),
)  # fmt: skip
mails = st.tuples(
    st.sampled_from(["mail", "forwarded"]),
    st.sampled_from(EMAILS),
    st.sampled_from(["Please stop", "Blue?", "so dear"]),
)
clicks = st.tuples(
    st.sampled_from(["unsubscribe", "all", "fewer", "pause", "undo"]),
    st.sampled_from(["sent0", "sent1", "sent2", "sent4", "sent5", "nobody"]),
    st.just(""),
)
told = st.tuples(
    st.sampled_from(["sent", "30006", "unsubscribe", "group_unsubscribe", "group_resubscribe"]),
    st.sampled_from(["lost0", "lost2", "lost4", "planned5", "nobody"]),
    st.just(""),
)
moves = texts | texts | mails | clicks | told
# Somebody may say the same many times.
stories = st.lists(st.tuples(moves, st.booleans(), st.sampled_from([1, 1, 1, 3])), max_size=14).map(
    lambda told: [one[:2] for one in told for _ in range(one[2])]
)


def records(story: Sequence[tuple[tuple[str, str, str], bool]]) -> Iterator[Record]:
    """Each a minute after the one before it; some come twice."""
    for number, (move, is_told_twice) in enumerate(story):
        one = record(*move, number, NOW + timedelta(minutes=number))
        yield from [one] * (2 if is_told_twice else 1)


def record(kind: str, whom: str, words: str, number: int, at: datetime) -> Record:
    ref = f"s:{number}"

    def posted(provider: str, endpoint: str, body: bytes, **more: Any) -> Record:
        headers = {"content-type": more.get("content_type", "")}
        return Record(provider, endpoint, at, more.get("query", ""), headers, body, ref)

    if kind == "text":
        form = {"MessageSid": f"SM{number}", "From": whom, "Body": words}
        return posted("twilio", "inbound", urlencode(form).encode())
    if kind in {"mail", "forwarded"}:
        envelope = {"from": whom if kind == "mail" else EMAILS[0]}
        form = {"from": whom, "text": words, "envelope": json.dumps(envelope)}
        body, content_type = encode_multipart_formdata(form)
        return posted("sendgrid", "inbound", body + b"--%d" % number, content_type=content_type)
    if kind in {"sent", "30006"}:
        code = {} if kind == "sent" else {"ErrorCode": kind}
        status = "sent" if kind == "sent" else "undelivered"
        form = {"MessageSid": f"SM{whom}", "MessageStatus": status, "To": PHONES[0]} | code
        return posted("twilio", "status", urlencode(form).encode(), query=f"m={whom}")
    if kind.endswith("subscribe") and whom.startswith(("lost", "planned", "nobody")):
        told = sg_event(whom, kind, timestamp=int(at.timestamp()), sg_event_id=ref, asm_group_id=7)
        return posted("sendgrid", "events", json.dumps([told]).encode())
    if kind == "unsubscribe":
        chosen = unsubscribe_record(whom, at)
    elif kind == "undo":
        chosen = undo_record(whom, at - timedelta(minutes=1), at)
    else:
        until = at + timedelta(days=30) if kind == "pause" else None
        chosen = preference_record(whom, kind, at, until_at=until)  # type: ignore[arg-type]
    return posted("winback", chosen.endpoint, chosen.body)


class Undone(Exception):
    """Ends a transaction without a trace."""


def left_by(ledger: Ledger, parts: Sequence[Sequence[Parsed]]) -> dict[str, object]:
    """What the ledger has after these parts, and what was counted; all of it is undone."""
    left: dict[str, object] = {}
    report = CollectReport()
    with suppress(Undone), ledger.write() as connection:
        for part in parts:
            report.add(apply(connection, part, CLOCK))
        left = {name: content(connection, name) for name in TABLES}
        raise Undone
    report.parts = 0
    return left | {"report": report}


def content(connection: Connection, name: str) -> list[dict[str, Any]]:
    """But for how often a row was written: several changes may be one."""
    table = tables.metadata.tables[name]
    found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
    return [{key: row[key] for key in row if key != "version"} for row in found]


def test_any_story_ends_alike_in_one_part_and_in_many(ledger: Ledger) -> None:
    @examples(
        max_examples=20,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(stories)
    # Two customers who share a phone choose on their pages, one of them after a text.
    @example([
        (("text", PHONES[0], "stop tips"), False),
        (("all", "sent4", ""), False),
        (("pause", "sent2", ""), False),
    ])  # fmt: skip
    def tell(story: list[tuple[tuple[str, str, str], bool]]) -> None:
        told = read_ahead(ledger, list(parse(records(story))))
        assert left_by(ledger, [told]) == left_by(ledger, [[one] for one in told])

    tell()


def test_of_many_events_only_those_that_can_not_be_applied_are_set_aside(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether our own code or the database refuses them."""
    row, stories = _apply._row, list[Any]()
    odd = {f"+1415556{number:04d}" for number in (0, 70, 71, 199)}

    def broken(event: Any, match: Any, effects: Any) -> dict[str, object]:
        if event.address not in odd:
            return row(event, match, effects)
        if event.address.endswith("0"):
            raise ZeroDivisionError
        return row(event, match, effects) | {"kind": None}

    monkeypatch.setattr(_apply, "_row", broken)
    stories = [(("text", f"+1415556{number:04d}", "STOP"), False) for number in range(200)]
    with ledger.write() as connection:
        report = apply(connection, list(parse(records(stories))), CLOCK, sets_aside=True)
    assert (report.events, report.unreadable) == (196, 4)
    silent = {row["address"]: row["reason"] for row in rows(ledger, "suppressions")}
    assert len(silent) == 200
    assert {address for address, reason in silent.items() if reason == "hold"} == odd
    # The driver of PostgreSQL has a line of its own.
    told = [message for message in caplog.messages if "can't be applied" in message]
    reasons = sorted(message.rpartition(" ")[2] for message in told)
    assert reasons == ["IntegrityError", "IntegrityError", "ZeroDivisionError", "ZeroDivisionError"]
