"""Predictions of a real shop: counted by SQL, fitted, landed, read and checked by SQL."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from audience_builds import query
from seeded import build_models

from winback.base.clock import FixedClock, parse_as_of
from winback.base.duck import connect, literal
from winback.base.settings import Settings
from winback.landing import load
from winback.measure.predictions import fit_predictions

pytestmark = pytest.mark.long

AS_OF = "1998-01-01"
SPLIT = pd.Timestamp("1997-10-02")
HORIZON = pd.Timedelta(days=90)


def published_counts(settings: Settings, folder: Path) -> Path:
    with connect(settings.warehouse_path) as connection:
        path = literal(folder / "prediction_counts.parquet")
        connection.execute(f"copy winback.main.prediction_counts to {path} (format parquet)")
    return folder


@pytest.fixture(scope="module")
def foretold(tmp_path_factory: pytest.TempPathFactory, cdnow_log: Path) -> Settings:
    """CDNOW on the first day of 1998, with the models fitted that were due."""
    settings = Settings.load(home=tmp_path_factory.mktemp("foretold"))
    as_of = parse_as_of(AS_OF, settings.shop_timezone)
    load(cdnow_log, settings, FixedClock(as_of), format="cdnow")
    build_models(settings, as_of, "+prediction_counts")
    counts = published_counts(settings, tmp_path_factory.mktemp("published"))
    assert fit_predictions(settings, counts) == ["check-1997-10-02", "current-1997-12-31"]
    build_models(settings, as_of, "+int_predictions__used", "prediction_counts")
    assert query(settings, "select * from prediction_counts") == [], "a fit is due once a week"
    before = {path: path.read_bytes() for path in settings.landing_dir.glob("predictions/*/*")}
    assert fit_predictions(settings, counts) == []
    assert before == {path: path.read_bytes() for path in before}
    return settings


@pytest.fixture(scope="module")
def followed(cdnow_log: Path, foretold: Settings) -> pd.DataFrame:
    """What pandas knows of each customer on the split day, beside what SQL foretold."""
    names = ["customer_id", "day", "discs", "amount"]
    types = {"customer_id": str, "day": str}
    log = pd.read_csv(cdnow_log, sep=r"\s+", names=names, skiprows=1, dtype=types)
    log["day"] = pd.to_datetime(log["day"], format="%Y%m%d")
    known, then = log[log.day <= SPLIT], log[(log.day > SPLIT) & (log.day <= SPLIT + HORIZON)]
    facts = known.groupby("customer_id").agg(last=("day", "max"))
    facts["silent"] = (SPLIT - facts["last"]).dt.days
    facts["orders"] = then.groupby("customer_id").day.nunique().reindex(facts.index).fillna(0)
    scores = query(
        foretold,
        "select customer_id, p_alive, expected_orders from int_predictions__scores "
        "where role = 'check'",
    )
    told = pd.DataFrame(scores, columns=["customer_id", "p_alive", "expected"])
    return facts.join(told.set_index("customer_id"), how="outer")


def area(score: pd.Series, hit: pd.Series) -> float:
    ranks, hits = score.rank(), hit.sum()
    return float((ranks[hit].sum() - hits * (hits + 1) / 2) / (hits * (len(hit) - hits)))


def test_each_fit_says_what_it_knows_of(foretold: Settings) -> None:
    rows = query(
        foretold,
        "select role, trained_from, trained_until, horizon_days, customers "
        "from int_predictions__models order by role",
    )
    first = date(1997, 1, 1)
    assert rows == [
        ("check", first, date(1997, 10, 2), 90, 23570),
        ("current", first, date(1997, 12, 31), 90, 23570),
    ]


def test_the_published_quality_is_that_of_the_log(
    foretold: Settings, followed: pd.DataFrame
) -> None:
    assert not followed.isna().any().any(), "every customer of the split day has a score"
    hit = followed.orders > 0
    rows = query(
        foretold,
        "select model, hits, auc, plain_auc, calibration from int_predictions__quality "
        "where model != 'expected_revenue' order by model",
    )
    expected = [
        ("expected_orders", followed.expected, followed.expected.sum() / followed.orders.sum()),
        ("p_alive", followed.p_alive, None),
    ]
    for (model, hits, auc, plain, calibration), (name, score, ratio) in zip(
        rows, expected, strict=True
    ):
        assert (model, hits) == (name, hit.sum())
        assert auc == pytest.approx(area(score, hit))
        assert plain == pytest.approx(area(-followed.silent, hit))
        assert calibration == (ratio and pytest.approx(ratio))


def test_predictions_are_plausible_and_used_as_their_quality_says(foretold: Settings) -> None:
    rows = query(
        foretold,
        "select is_used, p_alive, expected_orders, lost_orders, expected_value_cents, "
        "value_at_risk_cents from int_predictions__used",
    )
    used, alive, orders, lost, value, at_risk = (np.array(it) for it in zip(*rows, strict=True))
    assert len(rows) == 23570
    # Recency tells as much in this shop: the gain is less than the hundredth that was asked for.
    better = dict(query(foretold, "select model, is_better from int_predictions__quality"))
    assert better == {"expected_orders": False, "expected_revenue": True, "p_alive": False}
    assert set(used) == {False}
    assert np.all((alive > 0) & (alive <= 1) & (orders > 0) & (lost >= 0))
    # A customer's order is worth some 40 dollars.
    assert 2500 < np.median(value) < 6000
    assert at_risk == pytest.approx(lost * value, abs=0.5 * lost.max() + 0.51)


def test_a_day_before_the_fits_knows_of_none(foretold: Settings) -> None:
    as_of = parse_as_of("1997-09-30", foretold.shop_timezone)
    build_models(foretold, as_of, "+int_predictions__models")
    assert query(foretold, "select * from int_predictions__models") == []


def simulated_orders(customers: int) -> pd.DataFrame:
    """Orders of two years by who leave and spend as the models suppose."""
    random = np.random.default_rng(18)
    began = pd.Timestamp(AS_OF) - pd.to_timedelta(random.integers(1, 730, customers), unit="D")
    rows = []
    for number, first in enumerate(began):
        rate, leaves = random.gamma(0.9, 1 / 4.0), random.beta(0.9, 2.5)
        worth = 1500 / random.gamma(3.7)
        at = first
        while at < pd.Timestamp(AS_OF):
            amount = random.gamma(6.0, worth) / 100
            rows.append((f"o{len(rows)}", f"c{number}", at.isoformat(), round(amount + 0.01, 2)))
            if random.random() < leaves:
                break
            days = np.ceil(min(random.exponential(1 / rate), 1000.0) * 7)
            at += pd.Timedelta(days=int(days))
    names = ["order_id", "customer_id", "ordered_at", "total_amount"]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.slow
def test_the_predictions_of_a_shop_that_the_models_describe_may_be_read(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    orders = simulated_orders(8_000)
    orders.to_csv(shop / "orders.csv", index=False)
    orders[["customer_id"]].drop_duplicates().to_csv(shop / "customers.csv", index=False)
    settings = Settings.load(home=tmp_path / "home")
    as_of = parse_as_of(AS_OF, settings.shop_timezone)
    load(shop, settings, FixedClock(as_of))
    build_models(settings, as_of, "+prediction_counts")
    fit_predictions(settings, published_counts(settings, tmp_path))
    build_models(settings, as_of, "+int_predictions__used")
    quality = query(
        settings,
        "select model, is_better, auc - plain_auc, calibration from int_predictions__quality "
        "order by model",
    )
    assert [(model, better) for model, better, _, _ in quality] == [
        ("expected_orders", True),
        ("expected_revenue", True),
        ("p_alive", True),
    ], quality
    for _, _, _, calibration in quality[:2]:
        assert calibration == pytest.approx(1, abs=0.15)
    assert query(settings, "select distinct is_used from int_predictions__used") == [(True,)]
