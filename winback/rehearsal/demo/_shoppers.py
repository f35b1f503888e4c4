"""The customers' behavior after the shop's last day, with the truth kept on the side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from winback.rehearsal.demo._calendar import DAY, to_seconds
from winback.rehearsal.demo._files import write_table
from winback.rehearsal.demo._future import natural_future
from winback.rehearsal.demo._messages import (
    FEEDBACK_STEPS,
    FEEDBACK_TEXTS,
    REPLY_TEXTS,
    STOP_TEXTS,
    TEMPERS,
    Reaction,
    ReactionKind,
    ReceivedMessage,
    Temper,
    dice,
)
from winback.rehearsal.demo._orders import Order, invent_order
from winback.rehearsal.demo._shop import Shop

HORIZON_DAYS = 240
# A person who buys by themselves this soon after a message was not brought back by it; one
# who has bought this recently ignores further messages.
OWN_ACCORD = timedelta(days=30)
CAUSED_WITHIN_DAYS = 14


@dataclass(frozen=True)
class Truth:
    """The true outcome of one window's enrollments; rates in 0..1.

    `natural_rate` and `treated_rate` are of the same people, the treatment arm: without and
    with the messages they got. `effect_points` is the difference in percentage points.
    """

    treated: int
    natural_rate: float
    treated_rate: float
    effect_points: float
    holdout: int
    holdout_rate: float


class Shoppers:
    """The customers of a generated shop from `shop.ends_at` on, for `HORIZON_DAYS` days.

    What they do depends only on the shop, the seed and the messages they received, which
    must come in order of time for one customer. Reacting twice to a message changes nothing.
    """

    def __init__(self, shop: Shop, seed: int = 7) -> None:
        self._shop = shop
        self._seed = seed
        self._positions = {who.customer_id: i for i, who in enumerate(shop.customers)}
        self._reactions: dict[str, list[Reaction]] = {}
        self._opted_out_at: dict[tuple[str, str], datetime] = {}
        self._natural = natural_future(dice(seed, "natural"), shop, days=HORIZON_DAYS)
        self._caused: list[Order] = []
        self._natural_by_customer: dict[str, list[datetime]] = defaultdict(list)
        self._caused_by_customer: dict[str, list[datetime]] = defaultdict(list)
        for order in self._natural:
            if order.is_valid:
                self._natural_by_customer[order.customer_id].append(order.ordered_at)

    def natural_orders(self, after: datetime, until: datetime) -> list[Order]:
        """List the orders in (after, until] that come by themselves, in order of time."""
        return self._between(self._natural, after, until)

    def caused_orders(self, after: datetime, until: datetime) -> list[Order]:
        """List the orders in (after, until] that the messages received so far brought about."""
        found = self._between(self._caused, after, until)
        return sorted(found, key=lambda order: (order.ordered_at, order.order_id))

    def react(self, message: ReceivedMessage) -> list[Reaction]:
        """List everything that this message will lead to, in order of time, the delivery first."""
        if message.customer_id not in self._positions:
            raise ValueError(f"{message.customer_id} is not a customer of this shop")
        reactions = self._reactions.get(message.message_id)
        if reactions is None:
            reactions = self._reactions[message.message_id] = self._take_in(message)
        return list(reactions)

    def truth(
        self,
        enrollments: Iterable[tuple[str, str, datetime]],
        window_days: int,
        *,
        as_of: datetime | None = None,
    ) -> Truth:
        """Return the true return rates of (customer_id, arm, entered_at) within `window_days`.

        A return is a valid order in (entered_at, entered_at + window]; with `as_of`, only
        what had happened by then.
        """
        natural: dict[str, list[bool]] = {"treatment": [], "holdout": []}
        actual: list[bool] = []
        for customer_id, arm, entered_at in enrollments:
            closes = entered_at + timedelta(days=window_days)
            closes = closes if as_of is None else min(closes, as_of)
            own = _any_in(self._natural_by_customer[customer_id], entered_at, closes)
            natural[arm].append(own)
            if arm == "treatment":
                caused = _any_in(self._caused_by_customer[customer_id], entered_at, closes)
                actual.append(own or caused)
        natural_rate, treated_rate = _share(natural["treatment"]), _share(actual)
        return Truth(
            treated=len(actual),
            natural_rate=natural_rate,
            treated_rate=treated_rate,
            effect_points=100 * (treated_rate - natural_rate),
            holdout=len(natural["holdout"]),
            holdout_rate=_share(natural["holdout"]),
        )

    def write_orders(self, out_dir: Path, orders: Sequence[Order]) -> None:
        """Write a directory for `winback load`: the orders, their lines and their customers."""
        buyers = sorted({self._positions[order.customer_id] for order in orders})
        write_table(out_dir, "customers", (self._shop.customers[i].row() for i in buyers))
        write_table(out_dir, "orders", (order.row() for order in orders))
        lines = (row for order in orders for row in order.item_rows())
        write_table(out_dir, "order_items", lines)

    def _between(self, orders: Sequence[Order], after: datetime, until: datetime) -> list[Order]:
        last = self._shop.ends_at + timedelta(days=HORIZON_DAYS)
        if until > last:
            raise ValueError(f"the future of this shop is known until {last:%Y-%m-%d} only")
        return [order for order in orders if after < order.ordered_at <= until]

    def _take_in(self, message: ReceivedMessage) -> list[Reaction]:
        temper = TEMPERS[message.channel]
        person = dice(self._seed, "address", message.customer_id, message.channel)
        rng = dice(self._seed, message.message_id, message.customer_id)
        arrives = message.sent_at + timedelta(seconds=int(rng.integers(2, 40)))
        if person.random() < temper.dead_address:
            return [_reaction(message, "bounced", arrives)]
        reactions = [_reaction(message, "delivered", arrives)]
        if person.random() < temper.machine_open:  # the mail program opens, whoever reads
            reactions.append(_reaction(message, "machine_opened", arrives + timedelta(seconds=9)))
        if not self._is_done(message):
            reactions += self._answer(message, temper, rng, arrives)
        return reactions

    def _is_done(self, message: ReceivedMessage) -> bool:
        """Tell whether the person has opted out of this channel, or has just bought."""
        stopped = self._opted_out_at.get((message.customer_id, message.channel))
        if stopped is not None and stopped <= message.sent_at:
            return True
        since = message.sent_at - OWN_ACCORD
        return self._buys(message.customer_id, since, message.sent_at)

    def _buys(self, customer_id: str, after: datetime, until: datetime) -> bool:
        return _any_in(self._natural_by_customer[customer_id], after, until) or _any_in(
            self._caused_by_customer[customer_id], after, until
        )

    def _answer(
        self,
        message: ReceivedMessage,
        temper: Temper,
        rng: np.random.Generator,
        arrives: datetime,
    ) -> list[Reaction]:
        """Draw at most one of stop, spam report, reply and click; and perhaps an order."""
        luck, effect, minutes = rng.random(3)
        when = arrives + timedelta(minutes=1 + int(240 * minutes**3))
        comes_anyway = self._buys(
            message.customer_id, message.sent_at, message.sent_at + OWN_ACCORD
        )
        if effect < temper.effect and not comes_anyway:
            self._cause_order(message, rng, after=when)
            return _opening(message, when, "clicked")
        kind = _kind_of_answer(message, temper, luck)
        if kind in {"stop", "spamreport"}:
            self._opted_out_at[message.customer_id, message.channel] = when
        if kind is None:
            return []
        if message.channel == "email":
            return _opening(message, when, kind)
        return [_reaction(message, kind, when, text=_text(message, kind, rng))]

    def _cause_order(
        self, message: ReceivedMessage, rng: np.random.Generator, *, after: datetime
    ) -> None:
        latest = to_seconds(message.sent_at) + CAUSED_WITHIN_DAYS * DAY
        earliest = to_seconds(after) + 300
        at = earliest + int((latest - earliest) * rng.random() ** 3)  # most within two days
        order = invent_order(
            rng,
            self._shop.catalog,
            order_id=f"O{rng.bytes(6).hex()}",
            customer_id=message.customer_id,
            favorite=int(self._shop.favorites[self._positions[message.customer_id]]),
            at=at,
            coupon=message.coupon_code,
            percent_off=message.coupon_percent,
        )
        self._caused.append(order)
        self._caused_by_customer[message.customer_id].append(order.ordered_at)


def _any_in(moments: Iterable[datetime], after: datetime, until: datetime) -> bool:
    return any(after < moment <= until for moment in moments)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _reaction(
    message: ReceivedMessage, kind: ReactionKind, at: datetime, *, text: str = ""
) -> Reaction:
    return Reaction(message.message_id, message.customer_id, message.channel, kind, at, text)


def _opening(message: ReceivedMessage, at: datetime, kind: ReactionKind) -> list[Reaction]:
    """An email is opened before anything is done with it; a text shows itself."""
    answer = [] if kind == "opened" else [_reaction(message, kind, at + timedelta(seconds=40))]
    opened = [_reaction(message, "opened", at)] if message.channel == "email" else []
    return opened + answer


def _kind_of_answer(message: ReceivedMessage, temper: Temper, luck: float) -> ReactionKind | None:
    asks = (message.playbook_id, message.step) in FEEDBACK_STEPS
    chances: tuple[tuple[ReactionKind, float], ...] = (
        ("stop", temper.stop),
        ("spamreport", temper.spamreport),
        ("replied", temper.feedback_reply if asks else temper.reply),
        ("clicked", temper.click),
        ("opened", temper.open),
    )
    for kind, chance in chances:
        if luck < chance:
            return kind
        luck -= chance
    return None


def _text(message: ReceivedMessage, kind: ReactionKind, rng: np.random.Generator) -> str:
    asks = (message.playbook_id, message.step) in FEEDBACK_STEPS
    texts = {"stop": STOP_TEXTS, "replied": FEEDBACK_TEXTS if asks else REPLY_TEXTS}
    return str(rng.choice(texts[kind])) if kind in texts else ""
