"""The personal lapse preset on a real shop's log, against figures made by numpy from the log."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from audience_builds import build_audience, query

from winback.base.clock import parse_as_of
from winback.base.settings import Settings

pytestmark = pytest.mark.long

# Built in this order: the earlier day after the later one, so that it is a replay.
DAYS = ("1997-12-31", "1997-09-30")
A_YEAR = 365


@dataclass(frozen=True)
class Built:
    """What one build of the preset left in the warehouse."""

    lapse_status: pd.DataFrame
    curves: dict[str, tuple[int, int, int, int, int]]


@pytest.fixture(scope="module")
def built(cdnow: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """CDNOW under `personal` on each of the days; nothing but `as_of` differs."""
    settings = Settings.load(home=tmp_path_factory.mktemp("personal"))
    shutil.copytree(cdnow.shop_dir, settings.shop_dir)
    return {day: _built(settings, day) for day in DAYS}


def _built(settings: Settings, day: str) -> Built:
    as_of = parse_as_of(day, settings.shop_timezone)
    build_audience(settings, as_of, "+lapse_status", lapse_preset="personal")
    columns = [name for name, *_ in query(settings, "describe lapse_status")]
    rows = query(settings, f"select {', '.join(columns)} from lapse_status")
    curves = query(
        settings,
        """
        select curve_id, completed_count, open_count, p50_days, p80_days, p90_days
        from int_customers__lapse_curves where is_usable
        """,
    )
    table = pd.DataFrame(rows, columns=columns).set_index("customer_id").sort_index()
    return Built(table, {curve: tuple(figures) for curve, *figures in curves})


@pytest.fixture(scope="module")
def log(cdnow_log: Path) -> pd.DataFrame:
    """The log as it is: one row an order."""
    frame = pd.read_csv(
        cdnow_log,
        sep=r"\s+",
        names=["customer_id", "day", "discs", "amount"],
        skiprows=1,
        dtype={"customer_id": str, "day": str},
    )
    frame["day"] = pd.to_datetime(frame["day"], format="%Y%m%d")
    return frame


@dataclass(frozen=True)
class Gaps:
    """Lengths in days: by customer, the completed ones in order, and the open one."""

    completed: pd.Series
    still_open: pd.Series


def _gaps(log: pd.DataFrame, day: str) -> Gaps:
    """Gaps between days on which something was paid, as of the end of a day."""
    end = pd.Timestamp(day)
    paid = log[(log["day"] <= end) & (log["amount"] > 0)]
    days = paid[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    steps = days.set_index("customer_id")["day"].groupby(level=0).diff().dt.days.dropna()
    return Gaps(steps, (end - days.groupby("customer_id")["day"].max()).dt.days)


def _percentiles(completed: np.ndarray, still_open: np.ndarray) -> tuple[int, int, int]:
    """Days by which half, 80 % and 90 % of those who order again within a year have."""
    everything = np.concatenate([completed, still_open])
    survival, returned = 1.0, []
    for day in range(1, A_YEAR + 1):
        at_risk = (everything >= day).sum()
        survival *= 1 - (completed == day).sum() / at_risk if at_risk else 1
        returned.append(1 - survival)
    shares = np.round(np.array(returned) / returned[-1], 9)
    half, most, nearly_all = (int((shares >= share).argmax()) + 1 for share in (0.5, 0.8, 0.9))
    return half, most, nearly_all


def _first(gaps: Gaps) -> tuple[np.ndarray, np.ndarray]:
    """Every customer's first gap, completed or open."""
    completed = gaps.completed.groupby(level=0).first()
    return completed.to_numpy(), gaps.still_open.drop(completed.index).to_numpy()


@pytest.mark.parametrize("day", DAYS)
def test_the_curves_are_those_of_the_log(
    built: dict[str, Built], log: pd.DataFrame, day: str
) -> None:
    gaps = _gaps(log, day)
    every = (gaps.completed.to_numpy(), gaps.still_open.to_numpy())
    wanted = {
        name: (len(completed), len(still_open), *_percentiles(completed, still_open))
        for name, (completed, still_open) in (("next_order", every), ("second_order", _first(gaps)))
    }
    assert built[day].curves == wanted


@pytest.mark.parametrize("day", DAYS)
def test_every_customers_thresholds_follow_from_their_own_gaps_and_the_curve(
    built: dict[str, Built], log: pd.DataFrame, day: str
) -> None:
    wanted = _thresholds(_gaps(log, day), built[day].curves)
    table = built[day].lapse_status
    assert (table["lapse_preset"] == "personal").all()
    never_paid = table.index.difference(wanted.index)
    pd.testing.assert_frame_equal(
        table[wanted.columns].drop(never_paid), wanted, check_dtype=False, check_names=False
    )


def _thresholds(gaps: Gaps, curves: dict[str, tuple[int, int, int, int, int]]) -> pd.DataFrame:
    """Expected gap and stages of who ever paid: one row a customer, indexed by id."""
    grouped = gaps.completed.groupby(level=0)
    table = pd.DataFrame(
        {"gap_count": grouped.size(), "median_gap_days": grouped.median()},
        index=gaps.still_open.index,
    )
    table["gap_count"] = table["gap_count"].fillna(0).astype(int)
    repeats = table["gap_count"] > 0
    p50, p80, p90 = (
        np.where(repeats, curves["next_order"][place], curves["second_order"][place])
        for place in (2, 3, 4)
    )
    weight = table["gap_count"] / (table["gap_count"] + 3)
    expected = weight * table["median_gap_days"].fillna(0) + (1 - weight) * p50
    pace = (expected * p80 / p50).clip(30, A_YEAR - 1) / p80
    table["expected_gap_days"] = np.floor(expected + 0.5).astype(int)
    table["lapsing_from_days"] = _up(pace * p80)
    table["cooling_from_days"] = np.minimum(_up(pace * p50), table["lapsing_from_days"] - 1)
    table["lapse_threshold_days"] = np.maximum(
        _up(pace * p90), table["lapsing_from_days"] + 1
    ).clip(upper=A_YEAR)
    table["dormant_from_days"] = (2 * table["lapse_threshold_days"]).clip(upper=729)
    table["lost_from_days"] = (4 * table["lapse_threshold_days"]).clip(A_YEAR, 730)
    return table.sort_index()


def _up(days: pd.Series) -> pd.Series:
    return np.ceil(days.round(6)).astype(int)


@pytest.mark.parametrize("day", DAYS)
def test_stages_begin_one_after_the_other_and_hold_who_has_come_so_far(
    built: dict[str, Built], day: str
) -> None:
    table = built[day].lapse_status
    begins = table[
        [
            "cooling_from_days",
            "lapsing_from_days",
            "lapse_threshold_days",
            "dormant_from_days",
            "lost_from_days",
        ]
    ]
    assert (begins.iloc[:, 0] > 0).all()
    assert (begins.diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    names = np.array(["active", "cooling", "lapsing", "lapsed", "dormant", "lost"])
    passed = begins.le(table["days_since_activity"], axis=0).sum(axis=1)
    assert (table["lapse_stage"] == names[passed]).all()
    assert (table["is_lapsed"] == (passed >= 3)).all()
    assert set(names[passed]) >= {"active", "cooling", "lapsing", "lapsed", "dormant"}


def test_of_those_silent_for_ninety_days_so_many_came_back_by_themselves(
    built: dict[str, Built], log: pd.DataFrame
) -> None:
    silent = built["1997-12-31"].lapse_status.query("days_inactive >= 90").index
    assert len(silent) == 19394
    later = log[(log["day"] > "1997-12-31") & log["customer_id"].isin(silent)]
    waited = (later.groupby("customer_id")["day"].min() - pd.Timestamp("1997-12-31")).dt.days
    assert [int((waited <= window).sum()) for window in (30, 60, 90)] == [627, 1208, 1879]
