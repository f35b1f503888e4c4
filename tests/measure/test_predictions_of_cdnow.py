"""The models of orders and spend, held against figures that their authors published for CDNOW."""

from __future__ import annotations

from importlib.metadata import files
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from winback.measure.predictions import (
    OrderCounts,
    OrderModel,
    SpendCounts,
    fit_orders,
    fit_spend,
    orders_if_active,
)
from winback.measure.predictions._orders import _Likelihood

# Orders until the end of September 1997; orders of one day are one. The spend of an order is in
# cents. The file's columns: its id in the log, its number in the sample, day, discs, dollars.
HISTORIES = """
with log as (
    select customer, strptime(day::varchar, '%Y%m%d')::date as day, sum(dollars) as spent
    from read_csv(?, delim = ' ', header = false, columns = {'in_log': 'int', 'customer': 'int',
        'day': 'int', 'discs': 'int', 'dollars': 'double'}) as bought
    where bought.day <= 19970930 group by all
), numbered as (
    select *, min(day) over (partition by customer) as first_day from log
)
select count(*) - 1 as repeats, (max(day) - min(day)) / 7.0 as last_week,
    (date '1997-09-30' - min(day)) / 7.0 as weeks,
    100 * coalesce(avg(spent) filter (where day > first_day), 0) as mean_cents
from numbered group by customer order by customer
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The tenth of CDNOW's customers that the papers are about, which the lifetimes wheel ships."""
    found = [it for it in files("lifetimes") or () if it.name == "CDNOW_sample.txt"]
    if not found:
        pytest.skip("the lifetimes wheel does not ship CDNOW_sample.txt")
    lines = [" ".join(it.split()) for it in Path(str(found[0].locate())).read_text().splitlines()]
    log = tmp_path_factory.mktemp("cdnow") / "sample.txt"
    log.write_text("\n".join(it for it in lines if it) + "\n")
    with duckdb.connect() as connection:
        return connection.execute(HISTORIES, [str(log)]).fetchnumpy()


def counted(sample: dict[str, np.ndarray]) -> OrderCounts:
    columns = (sample[name].astype(float) for name in ("repeats", "last_week", "weeks"))
    return OrderCounts(*columns, np.ones(len(sample["weeks"])))


def test_the_orders_of_cdnow_have_the_published_parameters(sample: dict[str, np.ndarray]) -> None:
    model = fit_orders(counted(sample))
    assert model is not None
    found = (model.r, model.alpha, model.a, model.b)
    assert found == pytest.approx((0.5248, 6.1831, 0.8914, 1.6140), rel=0.01)
    assert model.log_likelihood == pytest.approx(-9582.14, abs=0.1)


def test_the_spend_of_cdnow_has_the_published_parameters(sample: dict[str, np.ndarray]) -> None:
    some = (sample["repeats"] > 0) & (sample["mean_cents"] > 0)
    repeats, mean = sample["repeats"][some].astype(float), sample["mean_cents"][some]
    # As they are, and in the steps in which a build groups them.
    for means in (mean, np.exp(np.round(100 * np.log(mean)) / 100)):
        model = fit_spend(SpendCounts(repeats, means, np.ones(len(mean))))
        assert model is not None
        found = (model.p, model.q, model.gamma / 100)
        assert found == pytest.approx((6.25, 3.74, 15.44), rel=0.01)


def test_histories_rounded_to_weeks_give_nearly_the_same(sample: dict[str, np.ndarray]) -> None:
    exact = counted(sample)
    columns = np.stack([exact.repeats, np.round(exact.last_week), np.round(exact.weeks)])
    groups, customers = np.unique(columns, axis=1, return_counts=True)
    model = fit_orders(OrderCounts(*groups, customers.astype(float)))
    assert model is not None
    found = (model.r, model.alpha, model.a, model.b)
    assert found == pytest.approx((0.5248, 6.1831, 0.8914, 1.6140), rel=0.03)


def test_expected_orders_are_those_of_lifetimes(sample: dict[str, np.ndarray]) -> None:
    fitters = pytest.importorskip("lifetimes.fitters.modified_beta_geo_fitter")
    counts = counted(sample)
    model = fit_orders(counts)
    assert model is not None
    oracle = fitters.ModifiedBetaGeoFitter()
    oracle.params_ = {"r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b}
    x, last, weeks = counts.repeats, counts.last_week, counts.weeks
    alive = 1 / (
        1
        + model.a / (model.b + x) * ((model.alpha + weeks) / (model.alpha + last)) ** (model.r + x)
    )
    found = alive * orders_if_active(model, x, weeks, 39.0)
    expected = oracle.conditional_expected_number_of_purchases_up_to_time(39.0, x, last, weeks)
    assert found == pytest.approx(np.asarray(expected), rel=1e-9)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.floats(0, 1), st.floats(1, 500), st.integers(1, 99)),
        min_size=1,
        max_size=20,
    ),
    st.tuples(*[st.floats(0.05, 20)] * 4),
)
@settings(max_examples=50, deadline=None)
def test_the_gradient_is_that_of_the_likelihood(
    groups: list[tuple[int, float, float, int]], parameters: tuple[float, ...]
) -> None:
    x, share, weeks, customers = (np.array(it, dtype=float) for it in zip(*groups, strict=True))
    likelihood = _Likelihood(OrderCounts(x, np.where(x > 0, share * weeks, 0), weeks, customers))
    at = np.array(parameters)
    numeric = approx_fprime(at, lambda it: likelihood(it).value, 1e-7)
    scale = 1 + np.abs(numeric).max()
    assert likelihood(at).gradient / scale == pytest.approx(numeric / scale, abs=1e-3)


def test_nothing_is_fitted_to_a_shop_where_nobody_came_again() -> None:
    nothing, some = np.zeros(3), np.array([5.0, 10.0, 20.0])
    assert fit_orders(OrderCounts(nothing, nothing, some, some)) is None
    assert fit_spend(SpendCounts(*[np.array([])] * 3)) is None


def test_expected_orders_are_smooth_where_the_formula_divides_by_nothing() -> None:
    x, weeks = np.array([0.0, 2.0, 9.0]), np.array([10.0, 30.0, 80.0])
    near, at = (
        orders_if_active(OrderModel(0.5, 6.0, a, 1.6, 0.0), x, weeks, 13.0) for a in (1.001, 1.0)
    )
    assert at == pytest.approx(near, rel=1e-2)
    assert np.all(at > 0)
