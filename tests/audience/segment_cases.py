"""A shop in which every segment and every RFM segment has somebody: a grid, and cases by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

AS_OF: Final = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
LAUNCH: Final = AS_OF - 30 * DAY

Row = Mapping[str, object]

# Days since the last order and how many customers of each frequency have them: more of
# them long ago, since the cases below bought lately.
RECENCIES: Final = ((250, 3), (120, 2), (50, 2), (20, 1), (5, 1))
# The first count of orders of each frequency band.
FREQUENCIES: Final = (1, 2, 3, 5, 10)

PRODUCTS: Final = (
    {"product_id": "mug", "name": "Mug", "price": 20, "url": "https://shop.example.com/mug"},
    {"product_id": "pan", "name": "Pan", "price": 45, "url": "https://shop.example.com/pan"},
)
PRICES: Final = (("mug", 20, 400 * DAY), ("pan", 60, 400 * DAY), ("pan", 45, 2 * DAY))

# By customer: days since each order, and what they did on the site.
CASES: Final[Mapping[str, tuple[Sequence[int], Sequence[tuple[str, str, timedelta]]]]] = {
    "left a cart": ([20], [("add_to_cart", "mug", DAY)]),
    "left a cart, never ordered": ([], [("add_to_cart", "pan", 3 * DAY)]),
    "bought after the cart": ([1], [("add_to_cart", "mug", 2 * DAY)]),
    "looks again and again": ([20], [("view", "mug", n * DAY) for n in (1, 2, 3)]),
    "looked twice": ([20], [("view", "mug", n * DAY) for n in (1, 2)]),
    "saw the old price": ([20], [("view", "pan", 5 * DAY)]),
    "saw the new price": ([20], [("view", "pan", 5 * DAY), ("view", "pan", DAY)]),
    "comes by, never ordered": ([], [("visit", "", n * DAY) for n in (1, 9, 30)]),
    "first touch is due": ([40], []),
    "buys in April": ([361, 726], []),
    "came back": ([10, 90], [("visit", "", 2 * DAY)]),
    "stayed away for years": ([900], []),
}
# Who is in a segment by what they did; grid customers are in those of rhythm and value.
MEMBERS: Final = {
    "abandoned_cart": {"left a cart", "left a cart, never ordered"},
    "repeat_browser": {"looks again and again"},
    "price_drop": {"saw the old price", "left a cart, never ordered"},
    "engaged_non_buyers": {"comes by, never ordered"},
    "seasonal": {"buys in April"},
    "reactivated": {"came back"},
    "gave_feedback": {"2 orders, 250 days, 0"},
    "lapsed_30_45": {"first touch is due"},
    "lost": {"stayed away for years"},
    "newly_lapsed": {"first touch is due"},
    "vip_after_win_back": {"10 orders, 120 days, 0"},
}
ENROLLED: Final = {
    "enrollment_id": "e1",
    "playbook_id": "sms_email",
    "customer_id": "came back",
    "episode_order_id": "came back-90",
    "segment": "backlog",
    "arm": "treatment",
    "variant": "offer",
    "offer_id": "welcome_back_20",
    "offer_expires_at": LAUNCH + 30 * DAY,
    "entered_at": LAUNCH,
}
# A vip whom the win-back wrote to on day 90, with the offer that all get.
WRITTEN_TO: Final = ENROLLED | {
    "enrollment_id": "e3",
    "customer_id": "10 orders, 120 days, 0",
    "episode_order_id": "10 orders, 120 days, 0-120",
}


ANSWERED: Final = "2 orders, 250 days, 0"
# A message of the step that asks for feedback, and the reply to it.
ASKED: Final = {
    "message_id": "m1",
    "enrollment_id": "e2",
    "playbook_id": "sms_email",
    "step": 3,
    "customer_id": ANSWERED,
    "channel": "sms",
    "variant": "offer",
    **dict.fromkeys(("address", "sender", "payload_json", "payload_sha256"), ""),
    "template_version": "1",
    "zones": "",
    "local_opens_minute": 0,
    "local_closes_minute": 1440,
    "state": "accepted",
    **dict.fromkeys(("not_before", "accepted_at", "planned_at", "updated_at"), AS_OF - 3 * DAY),
    "expires_at": AS_OF,
}
REPLIED: Final = {
    **dict.fromkeys(("dedupe_key", "semantic_key", "raw_ref"), "r1"),
    **dict.fromkeys(("occurred_at", "received_at"), AS_OF - 2 * DAY),
    "provider": "twilio",
    "message_id": "m1",
    "kind": "replied",
    "intent": "feedback",
}


def grid() -> dict[str, list[int]]:
    """Days since each order of the customers of the grid, by name."""
    return {
        f"{orders} orders, {recency} days, {number}": [
            recency + 35 * earlier for earlier in range(orders)
        ]
        for recency, count in RECENCIES
        for orders in FREQUENCIES
        for number in range(count)
    }


def tables() -> dict[str, list[Row]]:
    """The shop as the tables of the input format."""
    ordered = grid() | {name: list(days) for name, (days, _) in CASES.items()}
    return {
        "customers": [
            {
                "customer_id": name,
                "email": f"c{number}@example.com",
                "country": "US",
                "timezone": "America/New_York",
            }
            for number, name in enumerate(ordered)
        ],
        "orders": [
            {
                "order_id": f"{name}-{days}",
                "customer_id": name,
                "ordered_at": (AS_OF - days * DAY).isoformat(),
                "total_amount": 20,
            }
            for name, all_days in ordered.items()
            for days in all_days
        ],
        "consents": [
            {
                "customer_id": name,
                "channel": "email",
                "status": "granted",
                "basis": "express",
                "occurred_at": (AS_OF - 60 * DAY).isoformat(),
            }
            for name in ordered
        ],
        "products": list(PRODUCTS),
        "price_changes": [
            {"product_id": product, "price": price, "changed_at": (AS_OF - ago).isoformat()}
            for product, price, ago in PRICES
        ],
        "web_events": [
            {
                "customer_id": name,
                "event": event,
                "product_id": product,
                "cart_id": f"cart of {name}" if event == "add_to_cart" else "",
                "occurred_at": (AS_OF - ago).isoformat(),
            }
            for name, (_, events) in CASES.items()
            for event, product, ago in events
        ],
        "past_messages": [
            {
                "message_id": "past-1",
                "playbook_id": "newsletter",
                "step": "1",
                "customer_id": "buys in April",
                "channel": "email",
                "sent_at": (AS_OF - 40 * DAY).isoformat(),
            }
        ],
    }
