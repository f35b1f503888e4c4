"""Consent events: who agreed to what, on which basis, and who took it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from winback.rehearsal.demo._calendar import DAY
from winback.rehearsal.demo._files import moment

ConsentRow = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True)
class Habit:
    """The share of a country's customers who agree on a channel in one way."""

    basis: str
    share: float
    source: str
    proof: str


_CHECKOUT_BOX = ("checkout_box", "form:checkout-v3")
_SMS_FORM = ("sms_signup_form", "form:sms-terms-v2")
_SALE = ("sale", "notice:checkout-v3")
_CONFIRMED = ("newsletter_form", "confirmation-link")
_AT_PURCHASE = ("purchase", "")

HABITS: dict[tuple[str, str], tuple[Habit, ...]] = {
    ("US", "email"): (
        Habit("express", 0.62, *_CHECKOUT_BOX),
        Habit("implied", 0.2, *_AT_PURCHASE),
    ),
    # A text without written consent is unlawful in the US: the `express` ones must be held back.
    ("US", "sms"): (
        Habit("express_written", 0.5, *_SMS_FORM),
        Habit("express", 0.06, *_CHECKOUT_BOX),
    ),
    ("CA", "email"): (
        Habit("express", 0.5, *_CHECKOUT_BOX),
        Habit("implied", 0.35, *_AT_PURCHASE),
    ),
    ("CA", "sms"): (
        Habit("express_written", 0.3, *_SMS_FORM),
        Habit("express", 0.1, *_CHECKOUT_BOX),
    ),
    ("GB", "email"): (
        Habit("soft_opt_in", 0.68, *_SALE),
        Habit("express", 0.14, *_CHECKOUT_BOX),
    ),
    ("GB", "sms"): (
        Habit("express_written", 0.24, *_SMS_FORM),
        Habit("soft_opt_in", 0.2, *_SALE),
        Habit("express", 0.08, *_CHECKOUT_BOX),
    ),
    ("DE", "email"): (
        Habit("double_opt_in", 0.6, *_CONFIRMED),
        Habit("soft_opt_in", 0.14, *_SALE),
    ),
    ("DE", "sms"): (
        Habit("express_written", 0.2, *_SMS_FORM),
        Habit("double_opt_in", 0.1, *_CONFIRMED),
    ),
    ("FR", "email"): (
        Habit("express", 0.52, *_CHECKOUT_BOX),
        Habit("soft_opt_in", 0.2, *_SALE),
    ),
    ("FR", "sms"): (
        Habit("express_written", 0.24, *_SMS_FORM),
        Habit("express", 0.1, *_CHECKOUT_BOX),
    ),
}
ELSEWHERE = (Habit("express", 0.6, *_CHECKOUT_BOX),)
CHANNELS = ("email", "sms")

LATER_SHARE = 0.15  # agree not when they join but within LATER_DAYS
LATER_DAYS = 120
REVOKED_SHARE = 0.07
RETURNED_SHARE = 0.1  # of those who revoked


def invent_consents(
    rng: np.random.Generator, *, customer_id: str, country: str, joined: int, until: int
) -> Iterator[ConsentRow]:
    """Invent one customer's consent events on both channels, none after `until`."""
    for channel in CHANNELS:
        habits = HABITS.get((country, channel), ELSEWHERE if channel == "email" else ())
        habit = _chosen(habits, float(rng.random()))
        later, wait, leaves, comes_back, *moments = rng.random(6).tolist()
        if habit is None:
            continue
        since = min(until, joined + int(wait * LATER_DAYS * DAY * (later < LATER_SHARE)))
        grant = ("granted", habit.basis, habit.source, habit.proof)
        yield (customer_id, channel, *grant, moment(since))
        if leaves >= REVOKED_SHARE:
            continue
        left, returned = (since + int(share * (until - since)) for share in sorted(moments))
        yield (customer_id, channel, "revoked", "", "unsubscribe_link", "", moment(left))
        if comes_back < RETURNED_SHARE and returned > left:
            yield (customer_id, channel, *grant, moment(returned))


def _chosen(habits: tuple[Habit, ...], luck: float) -> Habit | None:
    for habit in habits:
        if luck < habit.share:
            return habit
        luck -= habit.share
    return None
