"""The size of each playbook's test, for the warehouse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from winback.measure.power._needed import Rule, customers_needed, plan_size

if TYPE_CHECKING:
    import pandas as pd

_DTYPES: Final = {
    "playbook_id": "string",
    "customers_needed": "Int64",
    "planned_effect": "float64",
    "planned_customers": "Int64",
}


def sizes_frame(starting_points: pd.DataFrame) -> pd.DataFrame:
    """The sizes of a frame of starting points as a frame, a row per playbook.

    A test that is planned takes no more customers than enter, and have had their window, within
    `longest_days`.
    """
    import pandas as pd

    rows = []
    for row in starting_points.to_dict("records"):
        base = None if pd.isna(row["base_rate"]) else float(row["base_rate"])
        holdout, smallest = float(row["holdout_share"]), float(row["smallest_effect"])
        rule = Rule(
            alpha=float(row["alpha"]),
            looks=int(row["looks"]),
            min_customers_per_arm=float(row["min_customers_per_arm"]),
            min_expected_reactivations=float(row["min_expected_reactivations"]),
        )
        days = max(0, int(row["longest_days"]) - int(row["window_days"]))
        most = math.floor(float(row["entries_a_day"]) * days)
        can_plan = base and 0 < holdout < 1
        size = plan_size(base, smallest, holdout, most, rule)
        rows.append({
            "playbook_id": row["playbook_id"],
            "customers_needed": (
                customers_needed(base, smallest, holdout, rule) if base and can_plan else None
            ),
            "planned_effect": size.effect if size else None,
            "planned_customers": size.customers if size else None,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=list(_DTYPES)).astype(_DTYPES)
