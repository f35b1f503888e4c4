"""What is foretold, whether a rule may read it, and how well it told on days it had not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from winback.base.duck import Rows

_MODELS: Final = {
    "p_alive": "Who still orders",
    "expected_orders": "How many orders to expect",
    "expected_revenue": "How much revenue to expect",
}
_WHAT_CAME: Final = {"expected_orders": "orders", "expected_revenue": "revenue"}


def tell_predictions(quality: Rows, foretold: Rows) -> Iterator[str]:
    """The sentences; none where no model was fitted."""
    if not foretold:
        return
    yield _tell_all(foretold)
    if not quality:
        yield "No rule reads this: nothing tells yet how well it foretells."
        return
    first = quality[0]
    margin = f"the margin of {first['margin_points']:.1f} points that was set before"
    if all(row["is_used"] for row in foretold):
        yield (
            "A rule may read this: on days that the models had not seen, each told customers apart "
            f"better than the days since the last order do, by at least {margin}."
        )
    else:
        yield (
            "No rule reads this: a rule may read it once each prediction beats the days since the "
            f"last order by {margin}, and not all do."
        )
    for row in quality:
        yield _tell_one(row)


def _tell_all(foretold: Rows) -> str:
    customers = sum(row["customers"] for row in foretold)
    orders = sum(row["expected_orders"] for row in foretold)
    told = (
        f"Of {customers:,} customers the next {foretold[0]['horizon_days']} days are foretold: "
        f"{orders:,.0f} order days to expect"
    )
    risks = [row["value_at_risk"] for row in foretold if row["value_at_risk"] is not None]
    return told + (
        f", and {sum(risks):,.2f} at risk with those who may have left." if risks else "."
    )


def _tell_one(row: Mapping[str, Any]) -> str:
    what = _MODELS.get(row["prediction"], row["prediction"])
    if row["auc_percent"] is None:
        return f"{what}: nothing could be compared, since all of the customers did, or nobody."
    told = (
        f"{what}: the prediction picks the right one of two customers in {row['auc_percent']:.1f}% "
        f"of cases, the days since the last order do in {row['plain_percent']:.1f}%."
    )
    if row["is_better"]:
        told += " That is enough."
    elif row["gain_points"] >= row["margin_points"]:
        told += " The gain is enough, and the customers are too few to trust it."
    else:
        told += " That is not enough."
    if row["calibration"] is not None:
        came = _WHAT_CAME.get(row["prediction"], "of it")
        told += f" It foretold {row['calibration']:.2f} times the {came} that came."
    return told
