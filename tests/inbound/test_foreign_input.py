"""Whatever a signed callback holds, the receiver answers, and what comes after it is collected."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from inbound_parts import Provider, add_message, rows, sg_event

from winback.clock import FixedClock
from winback.inbound import collect
from winback.ledger import Ledger
from winback.settings import Settings

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
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
