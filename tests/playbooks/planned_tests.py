"""Playbooks whose tests are planned, as rows of the ledger and of the shop.

`worked` is decided by its second look, and its later customers take all of it back. Of `changed`
the holdout share was changed between a quiet season and a busy one; its messages do nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

Rows = list[dict[str, Any]]
DAY = timedelta(days=1)
HALF = "holdout:=0.5,treatment:base=0.5"
TENTH = "holdout:=0.1,treatment:base=0.9"
# Playbook, shares, days before the last entry, and for each arm how many entered and came back.
BATCHES = [
    ("worked", HALF, 4, (100, 25), (100, 5)),
    ("worked", HALF, 3, (100, 25), (100, 5)),
    ("worked", HALF, 2, (100, 5), (100, 25)),
    ("worked", HALF, 1, (100, 5), (100, 25)),
    ("changed", TENTH, 15, (450, 20), (50, 2)),
    ("changed", TENTH, 14, (450, 25), (50, 3)),
    ("changed", HALF, 2, (250, 50), (250, 50)),
    ("changed", HALF, 1, (250, 50), (250, 50)),
]
PLANNED = {("worked", HALF): 800, ("changed", TENTH): 1_000, ("changed", HALF): 1_000}


def plans(last: datetime) -> Rows:
    """As the ledger keeps them: each is looked at four times."""
    starts = {key: max(day for *of, day, _, _ in BATCHES if tuple(of) == key) for key in PLANNED}
    return [
        {
            "plan_id": f"{playbook} {shares}", "playbook_id": playbook, "planned_shares": shares,
            "started_at": last - starts[playbook, shares] * DAY, "window_days": 30,
            "base_rate": 0.05, "holdout_share": 0.5, "smallest_effect": 0.005,
            "planned_effect": 0.05, "customers": customers, "looks": 4, "alpha": 0.05,
            "min_customers_per_arm": 50.0, "min_expected_reactivations": 5.0, "version": 1,
        }
        for (playbook, shares), customers in PLANNED.items()
    ]  # fmt: skip


def people(last: datetime) -> Iterator[tuple[dict[str, Any], bool]]:
    """Each enrollment as the ledger keeps it, and whether the customer came back."""
    for playbook, shares, day, treated, held_out in BATCHES:
        for arm, variant, (count, back) in (
            ("treatment", "base", treated), ("holdout", "", held_out),
        ):  # fmt: skip
            for number in range(count):
                name = f"{playbook}-{day}-{arm}-{number}"
                enrollment = {
                    "enrollment_id": f"e-{name}", "playbook_id": playbook, "customer_id": name,
                    "episode_order_id": f"old-{name}", "segment": "lapsed_30_45", "arm": arm,
                    "variant": variant, "planned_shares": shares,
                    "entered_at": last - day * DAY, "version": 1,
                }  # fmt: skip
                yield enrollment, number < back


def shop(last: datetime) -> tuple[Rows, Rows]:
    """Enrollments and orders."""
    known = list(people(last))
    orders = [
        {
            "order_id": f"back-{row['customer_id']}",
            "customer_id": row["customer_id"],
            "ordered_at": row["entered_at"] + 5 * DAY,
            "total_amount": 50,
        }
        for row, is_back in known
        if is_back
    ]
    return [row for row, _ in known], orders
