"""Whatever a signed callback holds, the receiver answers, and what comes after it is collected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from inbound_parts import NOW, Provider, add_message, rows, sg_event

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import _apply, _collect, collect, replay_events
from winback.inbound._log import read_log_part
from winback.ledger import Ledger
from winback.providers import Record

pytestmark = pytest.mark.long

names = st.sampled_from(
    ["event", "email", "timestamp", "sg_event_id", "sg_message_id", "wb_message", "useragent",
     "reason", "type", "url", "status"]
)  # fmt: skip
kinds = st.sampled_from(["open", "click", "bounce", "dropped", "unsubscribe", "spamreport"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | kinds
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
events = st.dictionaries(names, values, max_size=8) | values
forms = st.dictionaries(
    st.sampled_from(["MessageSid", "MessageStatus", "From", "To", "Body", "ErrorCode"]),
    st.text(max_size=20) | st.sampled_from(["delivered", "failed", "STOP", "+14155550100"]),
)

quickly = examples(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quickly
@given(posted=st.lists(events, max_size=5), form=forms, raw=st.binary(max_size=200))
def post_anything(provider: Provider, posted: list[Any], form: dict[str, str], raw: bytes) -> None:
    assert provider.events(*posted).status_code == 204
    assert provider.raw_events(raw).status_code == 204
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    assert provider.raw_events(b"--x\r\n" + raw, path="inbound", **multipart).status_code == 204
    assert provider.twilio("inbound", form).status_code == 200
    assert provider.twilio("status?m=m1", form).status_code == 204


def test_nothing_signed_breaks_the_receiver_or_the_collector(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    post_anything(provider)
    add_message(ledger, "m1")
    provider.events(sg_event("m1", "delivered", sg_event_id="the last one"))
    collect(ledger, settings, clock)
    assert "sg:the last one" in {row["dedupe_key"] for row in rows(ledger, "provider_events")}


endpoints = st.sampled_from(
    [
        "sendgrid/events",
        "sendgrid/inbound",
        "twilio/status",
        "twilio/inbound",
        "of/nobody",
    ]
)
types = st.sampled_from(
    ["", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain"]
)
fields = st.sampled_from(["headers", "from", "envelope", "text", "subject", "x"])
parts = st.lists(st.tuples(fields, st.text(max_size=30)), max_size=4)
bodies = (
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: text.encode(errors="surrogatepass"))
    | st.lists(events, max_size=4).map(lambda posted: json.dumps(posted).encode())
    | events.map(lambda posted: json.dumps(posted).encode())
    | parts.map(
        lambda pairs: (
            "".join(
                f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                for name, value in pairs
            ).encode()
            + b"--x--"
        )
    )
)


def test_no_parser_meets_a_body_that_it_has_no_name_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What makes no sense is Unreadable by a parser's own word, never by an accident."""
    accidents: list[tuple[object, ...]] = []
    monkeypatch.setattr(_collect.log, "error", lambda *told: accidents.append(told))

    @examples(max_examples=400, deadline=None, database=None)
    @given(where=endpoints, kind=types, query=st.text(max_size=20), body=bodies)
    def parse_anything(where: str, kind: str, query: str, body: bytes) -> None:
        provider, _, name = where.partition("/")
        record = Record(provider, name, NOW, query, {"content-type": kind}, body, ref="s:1")
        again = Record.from_line(record.to_line(), ref="s:1")
        accidents.clear()
        list(_collect.parse([again]))
        assert (again.body, accidents) == (body, [])

    parse_anything()


@pytest.mark.parametrize("piece", [b"[", b'{"a":', b'[{"event":'])
def test_what_nests_deeply_is_no_accident_and_costs_no_line_behind_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, piece: bytes
) -> None:
    accidents: list[tuple[object, ...]] = []
    monkeypatch.setattr(_collect.log, "error", lambda *told: accidents.append(told))
    deep = Record("sendgrid", "events", NOW, "", {}, piece * 20_000, ref="s:1")
    [told] = _collect.parse([deep])
    assert (type(told).__name__, accidents) == ("Unreadable", [])
    # A part of the log that somebody has edited.
    part = tmp_path / "w-000000000001.jsonl"
    part.write_bytes(piece * 20_000 + b"\n" + deep.to_line().encode())
    assert [record.endpoint for record in read_log_part(part)] == ["broken", "events"]


def test_an_event_that_can_not_be_applied_stops_nothing_behind_it(
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
    ledger: Ledger,
    settings: Settings,
    clock: FixedClock,
) -> None:
    effects_of = _apply.effects_of

    def stumble(connection: Any, event: Any, *others: Any) -> Any:
        if event.dedupe_key == "sg:odd":
            raise ZeroDivisionError
        return effects_of(connection, event, *others)

    monkeypatch.setattr(_apply, "effects_of", stumble)
    add_message(ledger, "m1")
    odd = sg_event("m1", "open", sg_event_id="odd")
    provider.events(sg_event("m1", "delivered"), odd, sg_event("m1", "unsubscribe"))
    provider.text("STOP")
    collect(ledger, settings, clock)
    assert sorted(row["kind"] for row in rows(ledger, "provider_events")) == [
        "delivered", "opted_out", "opted_out",
    ]  # fmt: skip
    assert len(rows(ledger, "suppressions")) == 2
    monkeypatch.setattr(_apply, "effects_of", effects_of)
    assert replay_events(ledger, settings, clock, write=True).can_be_written == 1
    assert "sg:odd" in {row["dedupe_key"] for row in rows(ledger, "provider_events")}
