"""The hard rules of the generic format: what a row of each table may not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from winback.landing import _consents
from winback.landing._casts import Rule, Settlement, Spec, one_of
from winback.landing.schema import INPUT_TABLES

_LOWER = "lower({})"

_PREPARE: Mapping[str, Mapping[str, str]] = {
    "orders": {"status": "replace(lower({}), 'canceled', 'cancelled')"},
    "consents": dict.fromkeys(("channel", "status", "basis"), _LOWER),
    "web_events": {"event": _LOWER},
    "stock": {"is_available": _LOWER},
    "past_enrollments": {"arm": _LOWER},
    "past_messages": {"channel": _LOWER},
}

_UNREAD = '"{0}__text" is not null and "{0}__typed" is null'
_AVAILABLE = '"is_available__typed"'
_KNOWN_STOCK = one_of("is_available", "true", "false", "yes", "no", "t", "f", "y", "n", "1", "0")

_RULES: Mapping[str, Sequence[Rule]] = {
    "orders": (
        # As a double too: -0.00001 is negative, though it rounds to zero cents.
        Rule('try_cast("total_amount__text" as double) < 0', "total_amount is negative"),
        one_of("status", "completed", "cancelled", "refunded", "pending"),
    ),
    "consents": _consents.RULES,
    "web_events": (one_of("event", "view", "add_to_cart", "checkout_started", "visit"),),
    "reviews": (Rule('"rating__typed" not between 1 and 5', "rating is not 1 to 5"),),
    "stock": (_KNOWN_STOCK,),
    "loyalty": (Rule('"points__typed" < 0', "points is negative"),),
    "past_enrollments": (one_of("arm", "treatment", "holdout"),),
}
# A row of stock or points that can't be read lands without what it says, so that no earlier row
# goes on telling it: such a product counts as out of stock, and such points are not told.
_SETTLED: Mapping[str, Settlement] = {
    "consents": _consents.SETTLEMENT,
    "stock": Settlement(
        {
            "is_available": f"case when {_KNOWN_STOCK.broken} then 'false' else {_AVAILABLE} end",
            "quantity": f'case when {_UNREAD.format("quantity")} then 0 else "quantity__typed" end',
        },
        (
            Rule(_KNOWN_STOCK.broken, f"landed as out of stock: {_KNOWN_STOCK.reason}"),
            Rule(
                _UNREAD.format("quantity"),
                "landed as out of stock: quantity is not a whole number",
            ),
        ),
    ),
    "loyalty": Settlement(
        {"points": 'case when "points__typed" >= 0 then "points__typed" end'},
        (
            Rule('"points__typed" < 0', "landed without points, which is negative"),
            Rule(_UNREAD.format("points"), "landed without points, which is not a whole number"),
        ),
    ),
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
        settlement=_SETTLED.get(name),
        holds=(name, _HOLD[name]) if name in _HOLD else None,
        # An order that may have been given back whole stands, but its customer is held.
        held_without=frozenset({"refunded_amount"} if name == "orders" else ()),
    )
    for name, table in INPUT_TABLES.items()
}
