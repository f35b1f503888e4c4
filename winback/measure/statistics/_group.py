"""A cell or several as sums: what SQL counts of them, and what a comparison needs of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from winback.measure.statistics._paired import Paired
from winback.measure.statistics._statistics import Sample
from winback.measure.statistics._survival import Watched

Metric = Literal["reactivation", "revenue_per_customer", "order_value"]


@dataclass(frozen=True)
class Sums:
    """Sums over those whose window is over, by the names of `int_experiments__cells`.

    Those of the index and of capped revenue are NaN where the playbook has no index or cap.
    """

    orders_mature: float
    orders_squared_mature: float
    orders_by_revenue_mature: float
    index_mature: float
    index_squared_mature: float
    index_by_reactivated_mature: float
    index_by_revenue_mature: float
    capped_revenue_cents_mature: float
    capped_revenue_cents_squared_mature: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Sums:
        """Those of a cell; of nobody they are 0, so that a cell may be added that has nobody."""
        if not int(row["assigned_mature"]):
            return cls(*[0.0] * len(fields(cls)))
        found = (row.get(field.name) for field in fields(cls))
        return cls(*(float("nan") if value is None else float(value) for value in found))

    def __add__(self, other: Sums) -> Sums:
        names = [field.name for field in fields(self)]
        return Sums(*(getattr(self, name) + getattr(other, name) for name in names))


@dataclass(frozen=True)
class Group:
    """A cell or several of a stratum, of those whose window is over: how many, who came back, what
    they spent (cents); how many windows are still open; and for how many hours all were watched."""

    n: int
    reactivated: int
    revenue: Sample
    open: int
    watched: tuple[Watched, ...]
    sums: Sums

    @classmethod
    def of(cls, row: Mapping[str, Any], watched: tuple[Watched, ...]) -> Group:
        """A cell of `int_experiments__cells`."""
        n = int(row["assigned_mature"])
        money, squares = row["net_revenue_cents_mature"], row["net_revenue_cents_squared_mature"]
        revenue = Sample(n, float(money), float(squares))
        still_open = int(row["assigned"]) - n
        return cls(n, int(row["reactivated_mature"]), revenue, still_open, watched, Sums.of(row))

    @property
    def everybody(self) -> int:
        return self.n + self.open

    def __add__(self, other: Group) -> Group:
        return Group(
            self.n + other.n,
            self.reactivated + other.reactivated,
            Sample(
                self.revenue.n + other.revenue.n,
                self.revenue.total + other.revenue.total,
                self.revenue.total_squares + other.revenue.total_squares,
            ),
            self.open + other.open,
            self.watched + other.watched,
            self.sums + other.sums,
        )

    def by_index(self, metric: Metric) -> Paired | None:
        """The outcome with the index of before the entry; None for a ratio, or without an index."""
        sums = self.sums
        outcomes = {
            "reactivation": (
                self.reactivated, self.reactivated, sums.index_by_reactivated_mature,
            ),
            "revenue_per_customer": (
                self.revenue.total, self.revenue.total_squares, sums.index_by_revenue_mature,
            ),
        }  # fmt: skip
        if metric not in outcomes or math.isnan(sums.index_mature):
            return None
        y, y_squares, products = outcomes[metric]
        return Paired(self.n, y, y_squares, sums.index_mature, sums.index_squared_mature, products)

    @property
    def by_orders(self) -> Paired:
        """Revenue with the number of orders."""
        sums, revenue = self.sums, self.revenue
        return Paired(
            self.n, revenue.total, revenue.total_squares,
            sums.orders_mature, sums.orders_squared_mature, sums.orders_by_revenue_mature,
        )  # fmt: skip

    @property
    def capped_revenue(self) -> Sample | None:
        """What they spent, each up to the cap; None without one."""
        capped = self.sums.capped_revenue_cents_mature
        if math.isnan(capped):
            return None
        return Sample(self.n, capped, self.sums.capped_revenue_cents_squared_mature)
