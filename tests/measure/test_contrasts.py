"""Which groups are compared, and which verdict follows."""

import pandas as pd
import pytest
from shipped_plan import PLAN

from winback.measure.statistics import contrasts, contrasts_frame


def cell(arm, variant, n, reactivated, *, still_open=0, cents=5_000, window=30, stratum=""):
    """A cell of `n` customers whose window is over; everybody who came back spent `cents`."""
    return {
        "playbook_id": "sms_email",
        "window_days": window,
        "stratum": stratum,
        "arm": arm,
        "variant": variant,
        "assigned": n + still_open,
        "assigned_mature": n,
        "reactivated_mature": reactivated,
        "net_revenue_cents_mature": reactivated * cents,
        "net_revenue_cents_squared_mature": float(reactivated * cents**2),
        "orders_mature": float(reactivated),
        "orders_squared_mature": float(reactivated),
        "orders_by_revenue_mature": float(reactivated * cents),
    }


def as_planned(cells):
    return [{**row, "expected": float(row["assigned"])} for row in cells]


def results(*cells, planned=None, watched=()):
    rows = contrasts(cells, as_planned(cells) if planned is None else planned, watched, PLAN)
    return {(row.contrast, row.metric): row for row in rows}


def test_all_treated_each_variant_and_each_two_variants_are_compared():
    names = {
        contrast
        for contrast, _ in results(
            cell("treatment", "offer", 450, 40),
            cell("treatment", "arrivals", 450, 30),
            cell("holdout", "", 100, 5),
        )
    }
    assert names == {
        "treatment-vs-holdout",
        "offer-vs-holdout",
        "arrivals-vs-holdout",
        "arrivals-vs-offer",
    }


def test_all_treated_are_the_sum_of_their_variants():
    found = results(
        cell("treatment", "offer", 400, 40),
        cell("treatment", "arrivals", 500, 30),
        cell("holdout", "", 100, 5),
    )
    row = found["treatment-vs-holdout", "reactivation"]
    assert (row.n_treatment, row.n_control) == (900, 100)
    assert row.estimate == pytest.approx(70 / 900 - 0.05)
    revenue = found["treatment-vs-holdout", "revenue_per_customer"]
    assert revenue.rate_treatment == pytest.approx(70 * 5_000 / 900)


@pytest.mark.parametrize(
    ("treated", "held_out", "verdict"),
    [
        ((20_000, 2_400), (10_000, 800), "winner"),
        ((20_000, 1_400), (10_000, 1_000), "loser"),
        ((900_000, 45_000), (900_000, 45_000), "no difference"),
        ((900, 50), (100, 5), "not yet decidable"),
        ((90, 60), (99, 1), "not yet decidable"),
        ((5_000, 70), (500, 30), "not yet decidable"),
    ],
)
def test_the_always_valid_interval_gives_the_verdict(treated, held_out, verdict):
    found = results(cell("treatment", "base", *treated), cell("holdout", "", *held_out))
    assert found["treatment-vs-holdout", "reactivation"].verdict == verdict


def test_windows_that_are_still_open_are_counted_apart_and_decide_nothing():
    """On day 2 of 30 nobody of 50,000 has come back: that is no equality."""
    young = [cell("treatment", "base", 0, 0, still_open=45_000),
             cell("holdout", "", 0, 0, still_open=5_000)]  # fmt: skip
    assert results(*young) == {}
    assert results(cell("treatment", "base", 900, 50), young[1]) == {}
    mixed = [cell("treatment", "a", 900, 50, still_open=90_000),
             cell("treatment", "b", 0, 0, still_open=7),
             cell("holdout", "", 100, 5, still_open=10_000)]  # fmt: skip
    found = results(*mixed)
    assert {contrast for contrast, _ in found} == {"treatment-vs-holdout", "a-vs-holdout"}
    row = found["treatment-vs-holdout", "reactivation"]
    assert (row.n_treatment, row.n_control) == (900, 100)
    assert (row.open_treatment, row.open_control) == (90_007, 10_000)
    assert row.estimate == pytest.approx(50 / 900 - 0.05)
    assert row.verdict == "not yet decidable"


def test_people_who_were_dealt_by_other_shares_are_compared_apart():
    """Ten in a hundred left alone in a quiet season, half of them in a busy one."""
    found = results(
        cell("treatment", "base", 900, 45, still_open=3, stratum="before"),
        cell("holdout", "", 100, 5, stratum="before"),
        cell("treatment", "base", 500, 100, stratum="since"),
        cell("holdout", "", 500, 100, still_open=4, stratum="since"),
        # Nobody is left alone any more, or nobody's window is over: nothing to compare.
        cell("treatment", "base", 700, 300, stratum="without a holdout"),
        cell("treatment", "base", 0, 0, still_open=10, stratum="new"),
        cell("holdout", "", 0, 0, still_open=1, stratum="new"),
    )
    row = found["treatment-vs-holdout", "reactivation"]
    assert (row.n_treatment, row.n_control) == (1_400, 600)
    assert (row.open_treatment, row.open_control) == (13, 5)
    assert row.estimate == pytest.approx(0, abs=1e-12)
    assert row.rate_treatment == pytest.approx(row.rate_control)
    assert row.ci_low < 0 < row.ci_high
    money = found["treatment-vs-holdout", "revenue_per_customer"]
    assert money.estimate == pytest.approx(0, abs=1e-9)


def test_kaplan_and_meier_averages_the_strata_too():
    cells = [
        cell("treatment", "a", 100, 10, stratum="1"), cell("holdout", "", 100, 5, stratum="1"),
        cell("treatment", "a", 300, 60, stratum="2"), cell("holdout", "", 100, 10, stratum="2"),
    ]  # fmt: skip
    watched = [
        hours(row["arm"], row["variant"], 720, people, back=back) | {"stratum": row["stratum"]}
        for row in cells
        for back, people in (
            (True, row["reactivated_mature"]),
            (False, row["assigned_mature"] - row["reactivated_mature"]),
        )
    ]
    row = results(*cells, watched=watched)["treatment-vs-holdout", "reactivation"]
    assert row.km_estimate == pytest.approx(row.estimate)
    assert (row.km_ci_low, row.km_ci_high) == pytest.approx((row.ci_low, row.ci_high))


def hours(arm, variant, hours, people, *, back=False, window=30):
    cell = {"playbook_id": "sms_email", "window_days": window, "stratum": "", "arm": arm}
    cell["variant"] = variant
    return cell | {"hours": hours, "is_reactivated": back, "people": people}


def test_with_every_window_over_kaplan_and_meiers_difference_is_the_plain_one():
    row = results(
        cell("treatment", "a", 400, 40),
        cell("treatment", "b", 500, 30),
        cell("holdout", "", 100, 5),
        watched=[
            hours("treatment", "a", 12, 40, back=True),
            hours("treatment", "a", 720, 360),
            hours("treatment", "b", 720, 30, back=True),
            hours("treatment", "b", 720, 470),
            hours("holdout", "", 300, 5, back=True),
            hours("holdout", "", 720, 95),
            hours("holdout", "", 300, 900, window=14),
        ],
    )["treatment-vs-holdout", "reactivation"]
    assert row.km_estimate == pytest.approx(row.estimate, abs=1e-12)
    assert (row.km_ci_low, row.km_ci_high) == pytest.approx((row.ci_low, row.ci_high), abs=1e-9)


def test_people_with_an_open_window_count_by_kaplan_and_meier_and_in_no_verdict():
    cells = [cell("treatment", "a", 100, 10, still_open=100), cell("holdout", "", 100, 5)]
    watched = [
        hours("treatment", "a", 24, 20, back=True),
        hours("treatment", "a", 48, 90),
        hours("treatment", "a", 720, 90),
        hours("holdout", "", 24, 5, back=True),
        hours("holdout", "", 720, 95),
    ]
    found = results(*cells, watched=watched)
    row = found["treatment-vs-holdout", "reactivation"]
    assert row.estimate == pytest.approx(0.05)
    assert row.km_estimate == pytest.approx(20 / 200 - 0.05)
    assert row.km_ci_low < row.km_estimate < row.km_ci_high
    assert found["treatment-vs-holdout", "revenue_per_customer"].km_estimate is None
    plain = results(*cells)["treatment-vs-holdout", "reactivation"]
    assert plain.km_estimate is None
    assert (row.verdict, row.ci_low) == (plain.verdict, plain.ci_low)


def test_arms_that_were_not_dealt_as_planned_withhold_every_verdict():
    cells = [cell("treatment", "base", 20_000, 2_400), cell("holdout", "", 10_000, 800)]
    planned = [
        {**cells[0], "expected": 27_000.0},
        {**cells[1], "expected": 3_000.0},
    ]
    found = results(*cells, planned=planned)
    assert {row.verdict for row in found.values()} == {"withheld"}
    assert all(row.srm_p_value < 0.001 for row in found.values())


def test_a_playbook_without_a_holdout_compares_only_its_variants():
    found = results(cell("treatment", "a", 100, 9), cell("treatment", "b", 100, 7))
    assert {contrast for contrast, _ in found} == {"a-vs-b"}


def test_no_cells_give_an_empty_frame_with_its_types():
    columns = list(cell("holdout", "", 1, 1))
    frame = contrasts_frame(
        pd.DataFrame(columns=columns),
        pd.DataFrame(columns=[*columns, "expected"]),
        pd.DataFrame(columns=["hours"]),
        PLAN,
        started=pd.DataFrame(columns=["plan_id"]),
        looks=pd.DataFrame(columns=["plan_id"]),
    )
    assert len(frame) == 0
    assert str(frame["n_treatment"].dtype) == "Int64"
    assert str(frame["p_value"].dtype) == "float64"
    assert str(frame["verdict"].dtype) == "string"
    assert str(frame["decided_at"].dtype) == "datetime64[us, UTC]"


def indexed(row, *, explains=0.9):
    """The cell with an index at the entry that is high for most of those who came back."""
    n, back = row["assigned_mature"], row["reactivated_mature"]
    high = round(explains * back) + round((1 - explains) * 0.02 * n)
    return row | {
        "index_mature": 0.5 * high,
        "index_squared_mature": 0.25 * high,
        "index_by_reactivated_mature": 0.5 * round(explains * back),
        "index_by_revenue_mature": 0.5 * round(explains * back) * 5_000,
    }


def test_the_verdict_comes_from_the_adjusted_figure_where_an_index_is_used():
    plain = [cell("treatment", "base", 7_000, 280), cell("holdout", "", 3_000, 96)]
    (before, after) = (
        results(*cells)["treatment-vs-holdout", "reactivation"]
        for cells in (plain, [indexed(it, explains=0.99) for it in plain])
    )
    assert not before.is_adjusted
    assert before.adjusted_estimate is None
    assert after.is_adjusted
    assert after.variance_reduction > 0.5
    unadjusted = ("estimate", "standard_error", "ci_low", "p_value", "sequential_ci_low")
    assert [getattr(before, it) for it in unadjusted] == [getattr(after, it) for it in unadjusted]
    width = after.sequential_ci_high - after.sequential_ci_low
    assert after.adjusted_sequential_ci_high - after.adjusted_sequential_ci_low < width


def test_a_group_that_is_too_small_for_a_slope_is_not_adjusted():
    small = [cell("treatment", "base", 900, 50), cell("holdout", "", 99, 5)]
    found = results(*(indexed(it) for it in small))
    assert {it.is_adjusted for it in found.values()} == {False}


def test_an_order_has_no_index_and_no_row_where_a_group_has_no_order():
    found = results(
        *(
            indexed(it)
            for it in (cell("treatment", "a", 900, 90, cents=6_000), cell("holdout", "", 200, 20))
        )
    )
    row = found["treatment-vs-holdout", "order_value"]
    assert (row.rate_treatment, row.rate_control, row.estimate) == (6_000, 5_000, 1_000)
    assert not row.is_adjusted
    nobody = results(cell("treatment", "a", 900, 90), cell("holdout", "", 200, 0))
    assert ("treatment-vs-holdout", "order_value") not in nobody


def test_the_best_of_several_variants_wins_only_after_holms_correction():
    """By itself b is ahead of the holdout for sure; among six variants that may be chance."""
    two = [cell("treatment", "b", 4_000, 338), cell("holdout", "", 4_000, 250)]
    alone = results(*two)
    assert alone["b-vs-holdout", "reactivation"].verdict == "winner"
    assert alone["b-vs-holdout", "reactivation"].holm_sequential_p_value < 0.05
    assert alone["treatment-vs-holdout", "reactivation"].holm_p_value is None
    others = [cell("treatment", name, 4_000, 290) for name in "acdef"]
    row = results(*others, *two)["b-vs-holdout", "reactivation"]
    assert row.sequential_ci_low > 0
    assert row.holm_sequential_p_value > 0.05
    assert row.holm_p_value > row.p_value
    assert row.verdict == "not yet decidable"
