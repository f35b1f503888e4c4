"""Fits in landing, where dbt reads them: each is written once and stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from winback.base.duck import connect, literal
from winback.base.settings import Settings
from winback.landing import has_fit, land_fit
from winback.measure.predictions._orders import (
    Floats,
    OrderCounts,
    OrderModel,
    fit_orders,
    orders_if_active,
)
from winback.measure.predictions._spend import SpendCounts, fit_spend

# Expected orders are landed for so many repeats, and for as many weeks more than the oldest
# customer has been one: a fit is used for a week, or longer where the flow stands still.
_MOST_REPEATS: Final = 200
_WEEKS_AHEAD: Final = 53

_COUNTS: Final = """
select repeats, last_week, weeks, exp(mean_step / 100.0) as mean_cents, customers from {path}
where fit_id = $fit_id and kind = $kind order by all
"""


def fit_predictions(settings: Settings, published: Path) -> list[str]:
    """Fit the models that are due by the published counts and land them; the ids of new fits.

    A fit that has landed is never made or written again.
    """
    path = published / "prediction_counts.parquet"
    if not path.exists():
        return []
    with connect() as connection:
        due = connection.execute(
            "select distinct fit_id, role, trained_from, trained_until, horizon_days "
            f"from {literal(path)} order by fit_id"
        ).fetchall()
        made = []
        for fit_id, role, trained_from, trained_until, horizon_days in due:
            if has_fit(settings, fit_id):
                continue
            facts = {
                "fit_id": fit_id,
                "role": role,
                "trained_from": trained_from,
                "trained_until": trained_until,
                "horizon_days": horizon_days,
            }
            orders, spend = (
                connection.execute(
                    _COUNTS.format(path=literal(path)), {"fit_id": fit_id, "kind": kind}
                ).fetchnumpy()
                for kind in ("orders", "spend")
            )
            _land(settings, facts, orders, spend)
            made.append(fit_id)
    return made


def _land(
    settings: Settings, facts: dict[str, Any], orders: dict[str, Any], spend: dict[str, Any]
) -> None:
    counts = OrderCounts(*_columns(orders, "repeats", "last_week", "weeks", "customers"))
    model = fit_orders(counts)
    spends = SpendCounts(*_columns(spend, "repeats", "mean_cents", "customers"))
    worth = fit_spend(spends)
    row = facts | {
        "customers": int(counts.customers.sum()),
        "spenders": int(spends.customers.sum()),
        "r": model and model.r,
        "alpha_weeks": model and model.alpha,
        "a": model and model.a,
        "b": model and model.b,
        "orders_log_likelihood": model and model.log_likelihood,
        "p": worth and worth.p,
        "q": worth and worth.q,
        "gamma_cents": worth and worth.gamma,
        "spend_log_likelihood": worth and worth.log_likelihood,
    }
    land_fit(settings, row, [] if model is None else _expected(facts, counts, model))


def _expected(
    facts: dict[str, Any], counts: OrderCounts, model: OrderModel
) -> list[dict[str, Any]]:
    """Orders to expect of who has not left, for each number of repeats and of whole weeks."""
    most = min(int(counts.repeats.max()), _MOST_REPEATS)
    oldest = int(counts.weeks.max()) + _WEEKS_AHEAD
    repeats, weeks = (it.ravel().astype(float) for it in np.mgrid[0 : most + 1, 0 : oldest + 1])
    found = orders_if_active(model, repeats, weeks, facts["horizon_days"] / 7)
    return [
        {"fit_id": facts["fit_id"], "repeats": int(x), "weeks": int(w), "orders_if_active": y}
        for x, w, y in zip(repeats, weeks, found.tolist(), strict=True)
    ]


def _columns(found: dict[str, Any], *names: str) -> list[Floats]:
    return [np.asarray(found[name], dtype=np.float64) for name in names]
