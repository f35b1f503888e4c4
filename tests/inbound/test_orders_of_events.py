"""Whatever the order in which a provider tells the same events, and however often, they come to
the same; and where coming back is told before the leaving that it ends, nobody is written to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import pytest
from inbound_parts import NOW, add_message, rows, sg_event

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.inbound._log import log_part_path
from winback.ledger import Ledger, is_suppressed
from winback.providers import Record

pytestmark = pytest.mark.only_sqlite

ORDERS = 30
MAIL = {
    "delivered": {}, "open": {}, "click": {"url": "https://shop.example"}, "unsubscribe": {},
    "bounce": {"type": "bounce"}, "dropped": {"reason": "Unsubscribed Address"}, "spamreport": {},
    "group_unsubscribe": {"asm_group_id": 7}, "group_resubscribe": {"asm_group_id": 7},
}  # fmt: skip
OPT_INS, OPT_OUTS = {"START", "group_resubscribe"}, {"STOP", "group_unsubscribe"}


def posted(number: int, name: str, at: int) -> Record:
    """What happened `at` seconds after the message left, as its provider posts it."""
    moment = NOW + timedelta(seconds=at)
    if name in MAIL:
        event = sg_event(f"m{number}", name, timestamp=int(moment.timestamp()), **MAIL[name])
        event["sg_event_id"] = f"{number}-{name}-{at}"
        return Record("sendgrid", "events", moment, "", {}, json.dumps([event]).encode())
    phone, query = f"+1415555{number:04}", f"m=m{number}&a=a{number}"
    if name.isupper():
        said = {"MessageSid": f"in-{number}-{name}-{at}", "From": phone, "Body": name}
        return Record("twilio", "inbound", moment, "", {}, urlencode(said).encode())
    form = {"MessageSid": f"SM{number}", "MessageStatus": name, "To": phone}
    form |= {"ErrorCode": "30003"} if name == "undelivered" else {}
    return Record("twilio", "status", moment, query, {}, urlencode(form).encode())


def in_orders(what: Sequence[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """The order in which it happened, others, and each of them with some told twice."""
    found = [list(order) for order in permutations(what)]
    chosen = found[:: max(1, len(found) // ORDERS)]
    return chosen + [order + order[::2] for order in chosen[::4]]


def is_opt_in_first(order: Sequence[tuple[str, int]]) -> bool:
    """Whether coming back is told before a leaving that was earlier: nothing is there to end."""
    told = list(dict.fromkeys(order))
    return any(
        name in OPT_INS and left in OPT_OUTS and when < at
        for place, (name, at) in enumerate(told)
        for left, when in told[place:]
    )


def outcomes(
    ledger: Ledger, settings: Settings, what: Sequence[tuple[str, int]], state: str
) -> list[Any]:
    """Of each order: whether they may be written to, why not, and the message's state."""
    orders = in_orders(what)
    for number, order in enumerate(orders):
        is_mail = what[0][0] in MAIL
        address = f"m{number}@example.com" if is_mail else f"+1415555{number:04}"
        add_message(
            ledger,
            f"m{number}",
            state=state,
            address=address,
            channel="email" if is_mail else "sms",
        )
        path = log_part_path(settings.events_dir, f"w{number:04}", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(posted(number, *event).to_line() for event in order))
    collect(ledger, settings, FixedClock(NOW + timedelta(hours=1)))
    messages = {row["message_id"]: row for row in rows(ledger, "messages")}
    in_force: dict[str, set[tuple[str, str]]] = {}
    for row in rows(ledger, "suppressions"):
        if row["lifted_at"] is None:
            in_force.setdefault(row["address"], set()).add((row["reason"], row["source"]))
    assert len(rows(ledger, "provider_events")) == len(orders) * len(what), "each of them once"
    found = []
    with ledger.read() as connection:
        for number in range(len(orders)):
            message = messages[f"m{number}"]
            group = "email" if message["channel"] == "email" else "phone"
            found.append((
                is_suppressed(connection, group=group, address=message["address"]),
                in_force.get(message["address"], set()),
                message["state"],
            ))  # fmt: skip
    return found


@pytest.mark.parametrize("state", ["accepted", "unknown"])
@pytest.mark.parametrize(
    ("what", "is_silent"),
    [
        (["delivered", "open", "click", "bounce", "dropped", "unsubscribe", "spamreport"], True),
        (["delivered", "open", "click"], False),
        (["delivered", "bounce", "open"], True),
        (["delivered", "spamreport", "group_resubscribe"], True),
        (["group_unsubscribe", "delivered", "group_resubscribe"], False),
        (["group_resubscribe", "delivered", "group_unsubscribe"], True),
        (["group_unsubscribe", "unsubscribe", "group_resubscribe"], True),
        (["queued", "sent", "delivered"], False),
        (["queued", "sent", "undelivered"], False),
        (["sent", "delivered", "STOP", "START"], False),
        (["sent", "delivered", "START", "STOP"], True),
        (["sent", "STOP", "START", "delivered", "STOP"], True),
        (["sent", "STOP", "STOP", "START"], False),
        (["undelivered", "START", "STOP", "START"], False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_every_order_of_the_same_events_comes_to_the_same(
    ledger: Ledger, settings: Settings, what: list[str], state: str, *, is_silent: bool
) -> None:
    happened = [(name, at) for at, name in enumerate(what)]
    found = outcomes(ledger, settings, happened, state)
    assert found[0][0] is is_silent
    assert found[0][2] == "accepted"
    for order, outcome in zip(in_orders(happened), found, strict=True):
        if is_opt_in_first(order):
            assert outcome[0] or outcome == found[0]
            assert outcome[2] == "accepted"
        else:
            assert outcome == found[0], order


@pytest.mark.parametrize("what", [("STOP", "START"), ("group_unsubscribe", "group_resubscribe")])
def test_what_happens_in_one_moment_leaves_them_silent(
    ledger: Ledger, settings: Settings, what: Sequence[str]
) -> None:
    found = outcomes(ledger, settings, [(name, 0) for name in what], "accepted")
    assert {is_silent for is_silent, *_ in found} == {True}
