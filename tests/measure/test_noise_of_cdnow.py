"""How much of the noise of a real shop is known beforehand: the purchase log of CDNOW, in which
nobody was written to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import files
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from seeded import build_models

from tests.playbooks.known_before import DAY, WINDOW, described, features
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.measure.statistics import Paired, Weights, adjusted_difference, fit_weights

NAMES = ("recency", "frequency", "recency_frequency", "spent")
ENTERED = datetime(1997, 12, 31, tzinfo=UTC)
# So far back customers may have ordered last.
SILENT = (30, 400)


@pytest.fixture(scope="module")
def log() -> Path:
    """The log of 23,570 customers that the lifetimes wheel ships."""
    found = [path for path in files("lifetimes") or () if path.name == "CDNOW_master.txt"]
    if not found:
        pytest.skip("the lifetimes wheel does not ship CDNOW_master.txt")
    return Path(str(found[0].locate()))


@pytest.fixture(scope="module")
def placed(log: Path) -> pd.DataFrame:
    names = ["customer_id", "ordered_at", "quantity", "total_amount"]
    rows = pd.read_csv(log, sep=r"\s+", header=0, names=names)
    rows["ordered_at"] = pd.to_datetime(rows.ordered_at.astype(str), utc=True)
    return rows.assign(order_id=rows.index)


def lapsed(placed: pd.DataFrame, moment: datetime) -> tuple[np.ndarray, np.ndarray]:
    """The features of who had lapsed, and whether they came back."""
    found = described(placed, moment)
    found = found[found.silent_days.between(*SILENT)]
    return features(found), found.is_back.to_numpy(dtype=float)


def weights_of(x: np.ndarray, back: np.ndarray) -> Weights:
    sums: dict[str, object] = {"playbook_id": "", "watched": len(x), "came_back": int(back.sum())}
    for place, name in enumerate(NAMES):
        sums |= {f"sum_{name}": x[:, place].sum(), f"sum_{name}_back": x[:, place] @ back}
        for after, other in enumerate(NAMES[place:], place):
            sums[f"sum_{name}_{other}"] = x[:, place] @ x[:, after]
    (found,) = fit_weights([sums], min_watched=300, min_explained=0.01)
    return found


@pytest.mark.parametrize("entered", [ENTERED, datetime(1998, 2, 28, tzinfo=UTC)])
def test_an_index_fitted_before_the_entry_takes_out_at_least_7_percent(
    placed: pd.DataFrame, entered: datetime
) -> None:
    history = [lapsed(placed, entered - WINDOW * number * DAY) for number in (1, 2, 3)]
    weights = weights_of(*(np.concatenate(parts) for parts in zip(*history, strict=True)))
    assert weights.is_used
    x, back = lapsed(placed, entered)
    index = weights.base + x @ np.array([getattr(weights, name) for name in NAMES])
    rng, saved, holds = np.random.default_rng(30), [], []
    for _ in range(40):
        is_held_out = rng.random(len(x)) < 0.3
        found = adjusted_difference(
            *(paired(back[who], index[who]) for who in (~is_held_out, is_held_out))
        )
        assert found is not None
        assert found.difference.interval is not None
        saved.append(found.variance_reduction)
        holds.append(found.difference.interval.low < 0 < found.difference.interval.high)
    assert np.mean(saved) >= 0.07
    assert sum(holds) >= 35


def paired(y: np.ndarray, x: np.ndarray) -> Paired:
    return Paired(len(y), float(y.sum()), float(y @ y), float(x.sum()), float(x @ x), float(x @ y))


@pytest.fixture(scope="module")
def results(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, pd.Series]:
    """`experiment_results` of a playbook that sent nothing, by window."""
    settings = Settings.load(home=tmp_path_factory.mktemp("cdnow"))
    load(log, settings, FixedClock(datetime(2026, 1, 1, tzinfo=UTC)), format="cdnow")
    entries = settings.shop_dir / "past_enrollments.parquet"
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table entries as from '{entries}' limit 0")
        connection.execute(
            f"""
            with lapsed as (
                select
                    customer_id, timestamptz '{ENTERED}' as entered_at,
                    ('0x' || left(md5(customer_id), 8))::bigint % 10 < 3 as is_held_out
                from '{settings.shop_dir}/orders.parquet'
                where ordered_at <= entered_at group by customer_id
                having date_diff('day', max(ordered_at), entered_at) between 30 and 400
            )
            insert into entries by name
            select
                'a_a' as playbook_id, customer_id, '' as variant, entered_at,
                if(is_held_out, 'holdout', 'treatment') as arm,
                if(is_held_out, 0.3, 0.7) as planned_share
            from lapsed
            """
        )
        connection.execute(f"copy entries to '{entries}' (format parquet)")
    build_models(settings, datetime(1998, 4, 30, tzinfo=UTC), "+experiment_results")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        found = connection.execute(
            "select * exclude (decided_at) from experiment_results "
            "where contrast = 'treatment-vs-holdout' and metric = 'reactivation'"
        ).df()
    return {int(row.window_days): row for _, row in found.iterrows()}


@pytest.mark.slow
@pytest.mark.parametrize(("window", "least"), [(30, 0.07), (60, 0.11), (90, 0.14)])
def test_the_published_results_take_out_as_much_and_find_nothing(
    results: Mapping[int, pd.Series], window: int, least: float
) -> None:
    row = results[window]
    assert row.n_treatment + row.n_control > 20_000
    assert row.is_adjusted
    assert row.variance_reduction >= least
    assert row.verdict in {"no difference", "not yet decidable"}
    assert row.adjusted_sequential_ci_low < 0 < row.adjusted_sequential_ci_high
    assert row.adjusted_standard_error < row.standard_error
