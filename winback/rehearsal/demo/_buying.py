"""How often people buy, and when they stop: an MBG/NBD population.

Each customer has a rate (gamma) and, after every purchase including the first, a chance of
never buying again (beta). The same process continues after the shop's last day, so what
lapsed customers do without any message is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from winback.rehearsal.demo._calendar import DAY, Calendar, Floats, Indexes, Seconds

# Chosen so that about 72 % of customers buy once and about 6 % of those who have been away
# for 30-45 days come back by themselves within 30 days (3 % of those away for longer).
RATE_SHAPE = 2.0
MEAN_GAP_DAYS = 210.0
DROPOUT_A, DROPOUT_B = 1.2, 1.0
GROWTH_PER_YEAR = 0.7
NEVER_BOUGHT_SHARE = 0.03


@dataclass(frozen=True)
class Latent:
    """The state that no shop ever sees: arrays by customer index, rates per shop day."""

    rates: Floats
    dropout: Floats
    is_alive: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Purchases:
    """All purchases in order of time: customers and epoch seconds."""

    customers: Indexes
    at: Seconds


def buying_history(
    rng: np.random.Generator, *, customers: int, ends_at: int, years: int
) -> tuple[Seconds, Purchases, Latent]:
    """Draw everybody's joining time, all purchases up to `ends_at`, and the hidden state then."""
    days = years * 365
    starts_at = ends_at - days * DAY
    arrivals = Calendar(starts_at, days=days, growth_per_year=GROWTH_PER_YEAR)
    joined = arrivals.clock(np.sort(rng.random(customers)) * arrivals.span)
    rates = rng.gamma(RATE_SHAPE, 1 / (RATE_SHAPE * MEAN_GAP_DAYS), customers)
    dropout = rng.beta(DROPOUT_A, DROPOUT_B, customers)
    has_bought = rng.random(customers) >= NEVER_BOUGHT_SHARE
    first = Purchases(np.flatnonzero(has_bought), joined[has_bought])
    stays = has_bought & (rng.random(customers) >= dropout)
    calendar = Calendar(starts_at, days=days)
    latent = Latent(rates, dropout, stays)
    later, is_alive = purchases_after(rng, calendar, latent, since=joined)
    merged = _in_order_of_time([first, later])
    return joined, merged, Latent(rates, dropout, is_alive)


def purchases_after(
    rng: np.random.Generator, calendar: Calendar, latent: Latent, *, since: Seconds
) -> tuple[Purchases, npt.NDArray[np.bool_]]:
    """Draw the purchases of living customers from `since` (by customer) to the calendar's end.

    Also returns who is alive at that end. Waiting times have no memory, so `since` may be
    any moment at which the customer is alive, not only a purchase.
    """
    now = calendar.shop_days(since)
    waiting = np.flatnonzero(latent.is_alive)
    is_alive = np.zeros(latent.rates.size, dtype=np.bool_)
    rounds: list[Purchases] = []
    while waiting.size:
        now[waiting] += rng.exponential(1 / latent.rates[waiting])
        is_over = now[waiting] >= calendar.span
        is_alive[waiting[is_over]] = True
        buying = waiting[~is_over]
        rounds.append(Purchases(buying, calendar.clock(now[buying])))
        waiting = buying[rng.random(buying.size) >= latent.dropout[buying]]
    return _in_order_of_time(rounds), is_alive


def _in_order_of_time(parts: list[Purchases]) -> Purchases:
    none = np.zeros(0, dtype=np.int64)
    customers = np.concatenate([none, *(part.customers for part in parts)])
    at = np.concatenate([none, *(part.at for part in parts)])
    order = np.lexsort((customers, at))
    return Purchases(customers[order], at[order])
