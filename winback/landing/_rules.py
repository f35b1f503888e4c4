"""The hard rules of the generic format: what a row of each table may not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from winback.landing._casts import Rule, Spec, one_of
from winback.landing.schema import INPUT_TABLES

_LOWER = "lower({})"

_PREPARE: Mapping[str, Mapping[str, str]] = {
    # The default is landed, so that no reader has to know it.
    "orders": {"status": "coalesce(replace(lower({}), 'canceled', 'cancelled'), 'completed')"},
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
    "consents": (
        one_of("status", "granted", "revoked"),
        # Only a grant rests on its basis: a revocation counts whatever it is said to rest on.
        one_of(
            "basis",
            "express_written",
            "express",
            "soft_opt_in",
            "double_opt_in",
            "implied",
            when="\"status__typed\" = 'granted'",
        ),
    ),
    "web_events": (one_of("event", "view", "add_to_cart", "checkout_started", "visit"),),
    "past_enrollments": (one_of("arm", "treatment", "holdout"),),
}

SPECS: Mapping[str, Spec] = {
    name: Spec(table, _PREPARE.get(name, {}), _RULES.get(name, ()))
    for name, table in INPUT_TABLES.items()
}
