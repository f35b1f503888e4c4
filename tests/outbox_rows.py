"""Decisions to send, as SQL would hand them over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import md5
from typing import Any

# 16:00 in New York: inside the phone window.
NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


def outbox_row(number: int, *, channel: str = "sms", **changes: object) -> dict[str, Any]:
    """One decision to send now, to a person of that number."""
    is_sms = channel == "sms"
    row: dict[str, Any] = {
        "action": "plan",
        "message_id": md5(f"{number}{channel}".encode(), usedforsecurity=False).hexdigest(),
        "enrollment_id": f"e{number}",
        "playbook_id": "sms_email",
        "step": 1 if is_sms else 2,
        "customer_id": f"c{number}",
        "channel": channel,
        "variant": "offer",
        "address": f"+1555{number:07d}" if is_sms else f"p{number}@example.com",
        "decision": "send",
        "not_before": NOW - timedelta(hours=1),
        "window_closes_at": NOW + timedelta(hours=2),
        "expires_at": NOW + timedelta(days=2),
        "zones": "America/New_York",
        "local_opens_minute": 900 if is_sms else 480,
        "local_closes_minute": 1080 if is_sms else 1200,
        "template": "sms_email/1" if is_sms else "sms_email/2_offer",
        "country": "US",
        "first_name": "Ann",
        "last_product_name": "Blue mug",
        "last_product_url": None,
        "favorite_category": None,
        "offer_id": "welcome_back_20",
        "offer_kind": "percent",
        "offer_value": Decimal(20),
        "offer_code": "WELCOME20",
        "offer_expires_at": NOW + timedelta(days=30),
        "extra_offer_kind": None,
        "extra_offer_value": None,
        "extra_offer_code": None,
        "cost_cents_per_part": Decimal("0.79") if is_sms else Decimal("0.08"),
    }
    return row | changes
