"""Two years of a ledger beside an invented shop: enrollments, messages and what came back for them.

The rows are dealt by a die and know the shop's orders only so far that half of the messages come
shortly before one, so that there is something to credit.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import insert

from winback.base.settings import Settings
from winback.ledger import open_ledger, tables
from winback.ledger._export import export_ledger

PLAYBOOKS = ("sms_email", "sms_four_step")
SHARES = "holdout:=0.3,treatment:a=0.35,treatment:b=0.35"
REASONS = (
    ("price", "too expensive"),
    ("price", "overpriced"),
    ("forgot", "forgot"),
    ("other", None),
)
Row = dict[str, Any]


def live_two_years(settings: Settings, orders: pd.DataFrame, as_of: datetime) -> None:
    """Write the rows into the ledger, and export them as a run does."""
    die = random.Random(11)  # noqa: S311 - a die, no secret
    enrollments, messages, events = list[Row](), list[Row](), list[Row]()
    for customer_id, own in orders.groupby("customer_id"):
        times = [at.to_pydatetime() for at in own["ordered_at"]]
        for order_id, at in zip(own["order_id"], times, strict=True):
            entered = at + timedelta(days=die.uniform(20, 60))
            if die.random() < 0.5 or entered >= as_of or entered < as_of - timedelta(days=730):
                continue
            enrollment = _enrollment(die, str(customer_id), str(order_id), entered)
            enrollments.append(enrollment)
            if enrollment["arm"] == "holdout":
                continue
            later = [it for it in times if it > entered]
            for message in _messages(die, enrollment, later, as_of):
                messages.append(message)
                events.extend(_events(die, message))
    with open_ledger(settings) as ledger:
        with ledger.write() as connection:
            connection.execute(insert(tables.enrollments), enrollments)
            connection.execute(insert(tables.messages), messages)
            connection.execute(insert(tables.provider_events), events)
        export_ledger(ledger, settings.ledger_landing_dir)


def _enrollment(die: random.Random, customer_id: str, order_id: str, entered: datetime) -> Row:
    arm, variant = die.choices(
        [("holdout", ""), ("treatment", "a"), ("treatment", "b")], [30, 35, 35]
    )[0]
    return {
        "enrollment_id": f"e-{order_id}", "playbook_id": die.choice(PLAYBOOKS),
        "customer_id": customer_id, "episode_order_id": order_id, "segment": "lapsed_30_45",
        "arm": arm, "variant": variant, "planned_shares": SHARES,
        "entered_at": entered.replace(microsecond=0),
    }  # fmt: skip


def _messages(
    die: random.Random, enrollment: Row, later: list[datetime], as_of: datetime
) -> Iterator[Row]:
    at = enrollment["entered_at"] + timedelta(hours=die.uniform(0, 6))
    for step in range(1, die.randint(1, 6)):
        if later and later[0] > at and die.random() < 0.7:
            at = max(at, later[0] - timedelta(hours=die.uniform(0, 110)))
        at = at.replace(microsecond=0)
        if at >= as_of:
            return
        state = die.choices(["accepted", "unknown_final", "rejected"], [90, 4, 6])[0]
        yield {
            "message_id": f"{enrollment['enrollment_id']}-{step}",
            **{name: enrollment[name] for name in ("enrollment_id", "playbook_id", "customer_id")},
            "step": step, "channel": die.choice(["sms", "email"]),
            "variant": enrollment["variant"], "state": state,
            "accepted_at": at if state == "accepted" else None, "not_before": at,
            "planned_at": at, "updated_at": at, "expires_at": at + timedelta(days=3),
            "cost_cents": Decimal(die.choice(["0.079", "1.5825", "0.06"])),
            "address": "", "sender": "", "payload_json": "{}", "payload_sha256": "",
            "template_version": "", "zones": "", "local_opens_minute": 0,
            "local_closes_minute": 0,
        }  # fmt: skip
        at += timedelta(hours=die.uniform(2, 60))


def _events(die: random.Random, message: Row) -> Iterator[Row]:
    """What came back for a message: kind, seconds after it, and what else is told of it."""
    if message["state"] == "rejected":
        return
    is_text = message["channel"] == "sms"
    at = message["not_before"] + timedelta(seconds=die.randint(1, 90))
    for number, (kind, after, more) in enumerate(_happenings(die, is_text=is_text)):
        when = at + timedelta(seconds=round(after))
        key = f"{message['message_id']}-{number}"
        yield {
            "dedupe_key": key, "semantic_key": key, "raw_ref": "", "n_seen": 1,
            "provider": "twilio" if is_text else "sendgrid",
            "message_id": message["message_id"], "kind": kind, "occurred_at": when,
            "received_at": when, "is_machine": 0, "error_code": None, "link": None,
            "lapse_reason": None, "lapse_words": None, "intent": None, "detail_json": "{}", **more,
        }  # fmt: skip


def _happenings(die: random.Random, *, is_text: bool) -> list[tuple[str, float, Row]]:
    if die.random() < 0.08:
        return [("undelivered" if is_text else "bounced", 5, {})]
    reason, words = die.choice(REASONS)
    said = {"intent": "feedback", "lapse_reason": reason, "lapse_words": words}
    once = f"{die.random()}"
    of_both: list[tuple[float, list[tuple[str, float, Row]]]] = [
        (0.7, [("delivered", 0, {})]),
        # Told twice, with one meaning.
        (0.2, [("delivered", 0, {"semantic_key": once}), ("delivered", 1, {"semantic_key": once})]),
        (0.25, [("clicked", die.uniform(20, 90_000), {"link": "one"})]),
        (0.05, [("clicked", 8, {"link": "one", "is_machine": 1})]),
        (0.12, [("replied", 4000, said)]),
        (0.03, [("opted_out", 7000, {})]),
    ]
    of_mails: list[tuple[float, list[tuple[str, float, Row]]]] = [
        (0.15, [("opened", 600, {})]),
        (0.15, [("opened", 600, {"is_machine": 1})]),
        # A gateway follows two links at once.
        (0.1, [("clicked", 2, {"link": "one"}), ("clicked", 3, {"link": "two"})]),
        (0.02, [("complained", 8000, {})]),
    ]
    rows = of_both if is_text else of_both + of_mails
    return [one for chance, told in rows if die.random() < chance for one in told]
