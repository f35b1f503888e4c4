"""The hard rules of the generic format: what a row of each table may not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from winback.landing import _consents
from winback.landing._casts import Rule, Spec, one_of
from winback.landing.schema import INPUT_TABLES

_LOWER = "lower({})"

_PREPARE: Mapping[str, Mapping[str, str]] = {
    "orders": {"status": "replace(lower({}), 'canceled', 'cancelled')"},
    "consents": dict.fromkeys(("channel", "status", "basis"), _LOWER),
    "web_events": {"event": _LOWER},
    "past_enrollments": {"arm": _LOWER},
    "past_messages": {"channel": _LOWER},
}

_RULES: Mapping[str, Sequence[Rule]] = {
    "orders": (
        # As a double too: -0.00001 is negative, though it rounds to zero cents.
        Rule('try_cast("total_amount__text" as double) < 0', "total_amount is negative"),
        one_of("status", "completed", "cancelled", "refunded", "pending"),
    ),
    "consents": _consents.RULES,
    "web_events": (one_of("event", "view", "add_to_cart", "checkout_started", "visit"),),
    "past_enrollments": (one_of("arm", "treatment", "holdout"),),
}

# The words of a column that are not ours, by seed.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "orders": {"status": "order_words"},
    "consents": {"status": "consent_words"},
}
# A view or a price that is lost makes nobody more contactable: these hold nobody.
_HOLD: Mapping[str, str | None] = {
    "customers": "customer_id",
    "orders": "order_id",
    "order_items": "order_id",
    "consents": None,
    "past_messages": "message_id",
    "past_enrollments": None,
}

SPECS: Mapping[str, Spec] = {
    name: Spec(
        table,
        _PREPARE.get(name, {}),
        _RULES.get(name, ()),
        looks_twice=True,
        words=_WORDS.get(name, {}),
        settlement=_consents.SETTLEMENT if name == "consents" else None,
        holds=(name, _HOLD[name]) if name in _HOLD else None,
        # An order that may have been given back whole stands, but its customer is held.
        held_without=frozenset({"refunded_amount"} if name == "orders" else ()),
    )
    for name, table in INPUT_TABLES.items()
}
