"""Predictions for a large shop: `python benchmarks/predict.py [CUSTOMERS]`.

Customers with the history that the model supposes are grouped by it, the models of orders and
spend are fitted, and each customer is scored by the formulas of a build in SQL. Beside it stands
DuckDB alone, which counts the same customers by how many repeats they have and for how long.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd

from winback.measure.predictions import (
    OrderCounts,
    SpendCounts,
    fit_orders,
    fit_spend,
    orders_if_active,
)

R, ALPHA, A, B = 0.52, 6.2, 0.9, 1.6
P, Q, GAMMA = 6.25, 3.74, 1544.0
HORIZON: Final = 90 / 7
GROUP: Final = """
select repeats, {last} as last_week, {weeks} as weeks, count(*) as customers
from histories group by all
"""
SPEND: Final = """
select repeats, cast(exp(round(100 * ln(mean_cents)) / 100) as double) as mean_cents,
    count(*) as customers
from histories where repeats > 0 group by all
"""
SCORE: Final = """
with chances as (
    select *, least(repeats, {most}) as x, cast(floor(weeks) as bigint) as w,
        1 / (1 + {a} / ({b} + repeats)
            * power(({alpha} + weeks) / ({alpha} + last_week), {r} + repeats)) as p_alive
    from histories
)
select sum(p_alive), sum(p_alive * orders_if_active),
    sum((1 - p_alive) * orders_if_active * {p} * ({gamma}
        + chances.repeats * coalesce(mean_cents, 0)) / ({p} * chances.repeats + {q} - 1))
from chances inner join expected on x = expected.repeats and w = expected.weeks
"""


def shop(customers: int) -> duckdb.DuckDBPyConnection:
    """Customers of up to three years who order and leave as MBG/NBD supposes, on whole days."""
    random = np.random.default_rng(16)
    weeks = np.ceil(random.uniform(1, 156, customers) * 7) / 7
    rate = random.gamma(R, 1 / ALPHA, customers)
    leaves = random.beta(A, B, customers)
    repeats, last, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    alive = random.random(customers) > leaves
    while alive.any():
        now[alive] += random.exponential(1 / rate[alive])
        alive &= now < weeks
        repeats[alive] += 1
        last[alive] = np.ceil(now[alive] * 7) / 7
        alive &= random.random(customers) > leaves
    worth = GAMMA / random.gamma(Q, 1, customers)
    mean = random.gamma(P * np.maximum(repeats, 1), worth / np.maximum(repeats, 1))
    found = {"repeats": repeats.astype(int), "last_week": np.minimum(last, weeks), "weeks": weeks}
    frame = pd.DataFrame(found | {"mean_cents": np.where(repeats > 0, np.ceil(mean), np.nan)})
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute("create table histories as from frame")
    connection.execute("update histories set mean_cents = null where repeats = 0")
    return connection


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def run(connection: duckdb.DuckDBPyConnection, group: str) -> dict[str, float]:
    """Seconds of each part, and the parameters."""
    grouped, in_group = timed(lambda: connection.execute(group).fetchnumpy())
    spent, in_spend_group = timed(lambda: connection.execute(SPEND).fetchnumpy())
    names = ("repeats", "last_week", "weeks", "customers")
    counts = OrderCounts(*(np.asarray(grouped[it], dtype=float) for it in names))
    spends = SpendCounts(
        *(np.asarray(spent[it], dtype=float) for it in ("repeats", "mean_cents", "customers"))
    )
    model, in_orders = timed(lambda: fit_orders(counts))
    worth, in_spend = timed(lambda: fit_spend(spends))
    most = min(int(counts.repeats.max()), 200)

    def score() -> Any:
        x, w = (it.ravel() for it in np.mgrid[0 : most + 1, 0:210])
        expected = {
            "repeats": x,
            "weeks": w,
            "orders_if_active": orders_if_active(model, x.astype(float), w.astype(float), HORIZON),
        }
        grid = pd.DataFrame(expected)
        connection.register("grid", grid)
        connection.execute("create or replace table expected as from grid")
        values = vars(model) | vars(worth) | {"alpha": model.alpha, "most": most}
        return connection.execute(SCORE.format(**values)).fetchone(), len(grid)

    _, in_score = timed(score)
    parts = {
        "group": in_group + in_spend_group,
        "fit_orders": in_orders,
        "fit_spend": in_spend,
        "score": in_score,
    }
    return {
        **{name: round(value, 2) for name, value in parts.items()},
        "seconds": round(sum(parts.values()), 2),
        "groups": len(counts.weeks),
        "spend_groups": len(spends.repeats),
        **{name: round(getattr(model, name), 4) for name in ("r", "alpha", "a", "b")},
        **{name: round(getattr(worth, name), 3) for name in ("p", "q", "gamma")},
    }


def main() -> None:
    """Print the seconds by day and by week, and those of a plain count."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    connection = shop(customers)
    plain = "select repeats, cast(weeks as int), count(*) from histories group by all"
    connection.execute(plain).fetchall()
    _, beside = timed(lambda: connection.execute(plain).fetchall())
    found = {
        name: run(connection, GROUP.format(last=f"{round_}(last_week)", weeks=f"{round_}(weeks)"))
        for name, round_ in (("by_week", "round"), ("by_day", ""))
    }
    for it in found.values():
        it["times_plain"] = round(it["seconds"] / beside, 1)
    told = {"customers": customers, "plain_seconds": round(beside, 3), **found}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
