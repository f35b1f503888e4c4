"""The index of recency, frequency and value: how likely somebody comes back by themselves.

Its weights are fitted to how people of the shop's history came back before the first customer was
assigned, and by nothing that happened since. They are reckoned from sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from winback.measure.statistics._frames import frame_of, records

if TYPE_CHECKING:
    import pandas as pd

# As in dbt_project/macros/experiments.sql, in which SQL reckons each of them.
FEATURES: Final = ("recency", "frequency", "recency_frequency", "spent")
# A condition beyond this, and rounding makes the weights.
_ALIKE: Final = 1e8
_NO_WEIGHTS: Final[tuple[None, ...]] = (None,) * (1 + len(FEATURES))


@dataclass(frozen=True)
class Weights:
    """One playbook's index: `base` and a weight for each feature.

    `explained` is the share of the variance in history, less what chance explains (the adjusted
    R²). `is_used` says whether that is enough. The others are None where nothing was fitted.
    """

    playbook_id: str
    watched: int
    came_back_rate: float
    is_used: bool
    explained: float | None
    base: float | None
    recency: float | None
    frequency: float | None
    recency_frequency: float | None
    spent: float | None


def fit_weights(
    sums: Iterable[Mapping[str, Any]], *, min_watched: int, min_explained: float
) -> Iterator[Weights]:
    """The index of each playbook, from the sums of `int_experiments__index_sums`.

    A playbook with fewer than `min_watched` people in its history, with features that tell the
    same, or with an index that explains less than `min_explained` has none.
    """
    for row in sums:
        watched, back = int(row["watched"]), int(row["came_back"])
        found = _least_squares(row) if watched >= min_watched and 0 < back < watched else None
        explained, weights = found or (None, _NO_WEIGHTS)
        yield Weights(
            str(row["playbook_id"]),
            watched,
            back / watched,
            explained is not None and explained >= min_explained,
            explained,
            *weights,
        )


def _least_squares(row: Mapping[str, Any]) -> tuple[float, tuple[float, ...]] | None:
    """How much is explained, and the base and weights; None where two features tell the same."""
    import numpy as np

    n = int(row["watched"])
    back = int(row["came_back"]) / n
    means = np.array([float(row[f"sum_{name}"]) for name in FEATURES]) / n
    squares = [[float(row[_product(one, other)]) for other in FEATURES] for one in FEATURES]
    spread = np.array(squares) / n - np.outer(means, means)
    along = np.array([float(row[f"sum_{name}_back"]) for name in FEATURES]) / n - means * back
    # By correlations, so that features of any size are judged alike.
    scale = np.sqrt(np.maximum(np.diag(spread), 0.0))
    if not scale.all():
        return None
    alike = spread / np.outer(scale, scale)
    if np.linalg.cond(alike) > _ALIKE:
        return None
    weights = np.linalg.solve(alike, along / scale) / scale
    left = 1 - float(weights @ along) / (back * (1 - back))
    explained = 1 - left * (n - 1) / (n - 1 - len(FEATURES))
    return explained, (back - float(weights @ means), *map(float, weights))


def _product(one: str, other: str) -> str:
    first, second = sorted((one, other), key=FEATURES.index)
    return f"sum_{first}_{second}"


def weights_frame(sums: pd.DataFrame, *, min_watched: int, min_explained: float) -> pd.DataFrame:
    """The indexes of a frame of sums as a frame."""
    rows = fit_weights(records(sums), min_watched=min_watched, min_explained=min_explained)
    return frame_of(rows, Weights)
