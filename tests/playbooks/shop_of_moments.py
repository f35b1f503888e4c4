"""A made-up shop in which something of every kind is about to begin or to end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random

from playbook_runs import Row, land

from winback.base.settings import Settings
from winback.ledger import _export

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PLACES = (
    ("US", "America/New_York", "+1212555{:04}"),
    ("US", "America/Los_Angeles", "+1213555{:04}"),
    ("GB", "Europe/London", "+4477009{:05}"),
    ("DE", "Europe/Berlin", "+4915112345{:03}"),
    ("JP", "Asia/Tokyo", "+8190123{:05}"),
)
KINDS = ("delivered", "clicked", "replied", "bounced", "complained", "undelivered")


def land_moments(settings: Settings, seed: int) -> None:
    """Land such a shop and its ledger's rows."""
    random = Random(seed)  # noqa: S311 - it hides nothing
    shop: dict[str, list[Row]] = {
        "products": [
            {"product_id": "mug", "name": "Mug", "price": 20},
            {"product_id": "pan", "name": "Pan", "price": 45, "first_available_at": NOW + DAY / 12},
        ],
        "price_changes": [
            {"product_id": "pan", "price": 60, "changed_at": NOW - 400 * DAY},
            {"product_id": "pan", "price": 45, "changed_at": NOW + DAY / 15},
        ],
    }
    ledger: dict[str, list[Row]] = {}
    for number in range(50):
        for tables, rows in ((shop, _customer(number, random)), (ledger, _told(number, random))):
            for table, found in rows.items():
                tables.setdefault(table, []).extend(found)
    land(settings, shop)
    for name, rows in ledger.items():
        path = settings.ledger_landing_dir / name / "00000001.parquet"
        _export.write_part([{"version": 1, **row} for row in rows], name, path)


def _near(random: Random, *days: int) -> datetime:
    """Some hours before or after so many days ago, to the microsecond."""
    return NOW - random.choice(days) * DAY + timedelta(hours=random.uniform(-6, 6))


def _customer(number: int, random: Random) -> Mapping[str, list[Row]]:
    name = f"c{number:03}"
    country, zone, phone = PLACES[number % len(PLACES)]
    who = {"customer_id": name}
    return {
        "customers": [
            who
            | {"email": f"{name}@example.com", "phone": phone.format(100 + number)}
            | {"country": country, "timezone": zone, "created_at": _near(random, 500)}
        ],
        "orders": [
            who
            | {"order_id": f"o-{name}-{k}", "total_amount": 20}
            | {"ordered_at": _near(random, 0, 5, 20, 33, 40, 44, 61, 90, 200, 380)}
            | {"status": random.choice(["paid"] * 8 + ["cancelled", "pending"])}
            for k in range(random.randint(1, 4))
        ],
        "consents": [
            who
            | {"channel": channel, "status": random.choice(["granted"] * 9 + ["revoked"])}
            | {"basis": "express_written", "occurred_at": _near(random, 0, 30, 100, 300)}
            for channel in ("email", "sms")
        ],
        "web_events": [
            who
            | {"event": random.choice(["view", "add_to_cart", "visit"])}
            | {"product_id": random.choice(["mug", "pan"])}
            | {"occurred_at": _near(random, 0, 7, 14, 30)}
            for _ in range(random.randint(0, 4))
        ],
        "past_messages": [
            who
            | {"message_id": f"p-{name}", "playbook_id": "news", "step": "1", "channel": "sms"}
            | {"sent_at": _near(random, 0, 1, 7)}
        ]
        * (random.random() < 0.3),
    }


def _told(number: int, random: Random) -> Mapping[str, list[Row]]:
    name, group = f"c{number:03}", random.choice(["email", "phone"])
    at, said = min(NOW, _near(random, 0, 1, 2, 3, 4, 7, 10, 12, 14, 20, 30)), _near(random, 0, 1)
    arm = random.choice(["treatment"] * 5 + ["holdout"])
    part = {"playbook_id": random.choice(["sms_email", "sms_four_step"]), "customer_id": name}
    part |= {"enrollment_id": f"e-{name}", "variant": "offer" if arm == "treatment" else ""}
    messages: list[Row] = []
    for step in range(1, random.randint(1, 4) if arm == "treatment" else 1):
        left = at + (step - 1) * DAY + timedelta(hours=random.uniform(0, 2))
        state = random.choice(["accepted"] * 6 + ["planned", "unknown"])
        messages.append(
            part
            | {"message_id": f"m-{name}-{step}", "step": step, "state": state, "attempt_no": 1}
            | {"channel": random.choice(["sms", "email"]), "purpose": "campaign"}
            | {"written_by": "template", "accepted_at": left if state == "accepted" else None}
            | {"not_before": left, "window_closes_at": left + DAY / 8, "expires_at": left + DAY}
            | {"planned_at": min(left, NOW), "updated_at": min(left, NOW)}
        )
    events: list[Row] = []
    for message in messages:
        key = {"message_id": message["message_id"], "provider": "twilio", "is_machine": 0}
        for kind in random.sample(KINDS, 2):
            when = _near(random, 0, 1, 3)
            once = {"dedupe_key": f"{key['message_id']}-{kind}", "kind": kind}
            once |= {"semantic_key": once["dedupe_key"], "occurred_at": when, "received_at": when}
            events.append(key | once)
    talk = {"customer_id": name, "channel_group": group}
    return {
        "enrollments": [
            part
            | {"episode_order_id": f"o-{name}-0", "segment": "lapsed_30_45", "arm": arm}
            | {"offer_id": "welcome_back_20", "entered_at": at}
            | {"offer_expires_at": at + random.choice([3, 7, 14]) * DAY}
        ]
        * (random.random() < 0.7),
        "messages": messages,
        "provider_events": events,
        "preferences": [
            talk
            | {"preference_id": name, "kind": random.choice(["pause", "fewer"])}
            | {"address": f"{name}@example.com", "occurred_at": said, "recorded_at": said}
            | {"until_at": _near(random, 0)}
        ]
        * (random.random() < 0.2),
        "conversations": [
            talk
            | {"conversation_id": name, "hidden_address": "hmac:x"}
            | {"opened_at": said, "last_reply_at": said}
        ]
        * (random.random() < 0.2),
    }
