"""A playbook whose customers have a history, and Lin's adjustment of it by another way.

Rows in, figures out: nothing here is asked of SQL or of winback.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

DAY = timedelta(days=1)
WINDOW = 30
PEOPLE = 500
Rows = list[dict[str, Any]]


def shop(entered: datetime) -> tuple[Rows, Rows]:
    """Enrollments and orders: whoever bought often comes back, before the entry and after it."""
    rng = np.random.default_rng(17)
    entries: Rows = []
    orders: Rows = []
    for number in range(PEOPLE):
        name, is_held_out = f"known-{number:03d}", number % 10 < 3
        often = int(rng.integers(1, 8))
        moments = [entered - timedelta(days=float(it)) for it in rng.uniform(95, 500, often)]
        chance = 0.06 * often
        moments += [
            entered - timedelta(days=float(start - rng.uniform(0, 30)))
            for start in (90, 60, 30)
            if rng.random() < chance
        ]
        if rng.random() < chance + (0.0 if is_held_out else 0.08):
            moments.append(entered + timedelta(days=float(rng.uniform(0.1, 29))))
        for moment in moments:
            orders.append(
                {
                    "order_id": f"{name}-{len(orders)}", "customer_id": name,
                    "ordered_at": moment.replace(microsecond=0),
                    "total_amount": round(float(rng.lognormal(4, 0.8)), 2),
                    # What came of it later was not known at the entry.
                    "refunded_amount": 1.0 if rng.random() < 0.1 else 0.0,
                }
            )  # fmt: skip
        entries.append(
            {
                "playbook_id": "known_before", "customer_id": name,
                "arm": "holdout" if is_held_out else "treatment", "variant": "",
                "planned_share": 0.3 if is_held_out else 0.7, "entered_at": entered,
            }
        )  # fmt: skip
    return entries, orders


def adjusted(entries: Rows, orders: Rows, entered: datetime) -> dict[str, float]:
    """The estimate and error for reactivation, what was explained, and the cap of revenue."""
    placed = pd.DataFrame(orders)
    past = pd.concat([described(placed, entered - WINDOW * number * DAY) for number in (1, 2, 3)])
    past = past[past.silent_days.between(30, 400)]
    fit = sm.OLS(past.is_back.astype(float), sm.add_constant(features(past))).fit()
    people = pd.DataFrame(entries).set_index("customer_id")
    now = described(placed, entered).loc[people.index]
    index = fit.params.to_numpy() @ sm.add_constant(features(now)).T
    is_treated = (people.arm == "treatment").to_numpy(dtype=float)
    y, x = now.is_back.to_numpy(dtype=float), index - index.mean()
    lin = sm.OLS(y, np.column_stack([np.ones(len(y)), is_treated, x, is_treated * x])).fit()
    plain, variance = 0.0, lin.params[3] ** 2 * x.var(ddof=1) / len(y)
    for arm in (0.0, 1.0):
        mine = is_treated == arm
        variance += float((lin.resid[mine] ** 2).sum()) / (mine.sum() - 1) / mine.sum()
        plain += float(y[mine].var(ddof=1)) / mine.sum()
    before = described(placed, entered - WINDOW * DAY)
    before = before[before.is_back & before.silent_days.between(30, 400)]
    return {
        "estimate": float(lin.params[1]),
        "error": math.sqrt(variance),
        "variance_reduction": 1 - variance / plain,
        "explained": float(fit.rsquared_adj),
        "cap_cents": round(100 * float(before.spent_after.quantile(0.99))),
        "back_before": len(before),
    }


def described(placed: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """Each customer by their orders until the moment, and whether one followed in the window."""
    until = placed[placed.ordered_at <= moment].groupby("customer_id")
    after = placed[(placed.ordered_at > moment) & (placed.ordered_at <= moment + WINDOW * DAY)]
    found = until.agg(
        last=("ordered_at", "max"), orders=("order_id", "count"), spent=("total_amount", "sum")
    )
    hours = (pd.Timestamp(moment) - found["last"]) // pd.Timedelta(hours=1)
    spent_after = after.groupby("customer_id").total_amount.sum()
    return found.assign(
        silent_days=hours / 24,
        is_back=found.index.isin(spent_after.index),
        spent_after=spent_after.reindex(found.index).fillna(0.0),
    )


def features(people: pd.DataFrame) -> np.ndarray:
    recency, frequency = np.log1p(people.silent_days), np.log(people.orders)
    return np.column_stack([recency, frequency, recency * frequency, np.log1p(people.spent)])
